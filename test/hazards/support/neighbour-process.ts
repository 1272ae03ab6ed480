/**
 * The callers of a neighbour, in a process of their own: `neighbour-process.ts URL`. Told `{subject, perSecond}` it sends
 * so many requests a second, however long each takes; told `{}` it stops and says what became of each.
 */
import { connect } from '@nats-io/transport-node';
import { ask } from '../../support/load.ts';
import type { NeighbourCall, NeighbourCommand } from './neighbour.ts';

const TICK_MS = 2;
/** Silence for so long is silence. */
const HEARD_WITHIN_MS = 8_000;

const nc = await connect({ servers: process.argv[2] ?? '', maxReconnectAttempts: -1 });
let tick: NodeJS.Timeout | undefined;
let calls: NeighbourCall[] = [];
let pending: Promise<void>[] = [];

async function send(subject: string): Promise<void> {
  const sentAtMs = Date.now();
  const { outcome, text, tookMs } = await ask(nc, subject, '', { timeoutMs: HEARD_WITHIN_MS });
  calls.push({ sentAtMs, tookMs, outcome: outcome === 'ok' && text !== 'here' ? 'wrong' : outcome });
}

function start(subject: string, perSecond: number): void {
  const startedMs = performance.now();
  let sent = 0;
  tick = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * perSecond);
    // After a pause of this process the arrears are dropped instead of sent in one burst.
    if (due - sent > perSecond / 10) sent = due - 1;
    for (; sent < due; sent += 1) pending.push(send(subject));
  }, TICK_MS);
}

process.on('message', (command: NeighbourCommand) => {
  if (command.subject !== undefined) {
    start(command.subject, command.perSecond);
    return;
  }
  clearInterval(tick);
  void Promise.all(pending).then(() => {
    process.send?.(calls);
    calls = [];
    pending = [];
  });
});
process.on('disconnect', () => process.exit());
process.send?.([]);
