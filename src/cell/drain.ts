import { type Clock, orLate } from '../core/index.ts';
import { ReplyOutput } from '../triggers/index.ts';
import type { Assignment } from './assignment.ts';
import { flushWhenBack } from './flush-when-back.ts';
import { SETTLE_MS, settled } from './workload-session.ts';

/** Given to what ended invocations had open, even where draining has taken all its time. */
const LAST_SETTLE_MS = 500;

/** Finishes what is accepted within `graceMs`, then closes the connections; the rest is answered as cut off. */
export async function drain(
  { nc, table, connections, services, observation }: Assignment,
  clock: Clock,
  graceMs: number,
): Promise<void> {
  const endMs = clock.monotonicMs() + graceMs;
  await table.drain(graceMs);
  const settleMs = Math.max(LAST_SETTLE_MS, Math.min(SETTLE_MS, endMs - clock.monotonicMs()));
  await Promise.all([connections.close(settleMs), orLate(settled(services), clock, settleMs)]);
  // The library gives up what waits for a connection.
  if (ReplyOutput.isHolding(nc))
    await orLate(
      flushWhenBack(nc).catch(() => undefined),
      clock,
      Math.max(0, endMs - clock.monotonicMs()),
    );
  await nc.drain();
  await observation.finish();
}
