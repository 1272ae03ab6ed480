import { setTimeout as sleep } from 'node:timers/promises';
import { startGenerator } from './ask.ts';
import type { Peer, PeerTask } from './peer.ts';
import type { PeerBench } from './peer-bench.ts';

/** One pass over all functions of a peer, none of them started before. */
export interface PeerColdPass {
  readonly round: number;
  readonly peer: Peer;
  /** First request to each function; empty for what never starts anything. */
  readonly coldMs: readonly number[];
  /** Second and third request to each, at the same pace; empty for what starts anew for each request. */
  readonly warmMs: readonly number[];
}

export interface PeerColdPlan {
  readonly rounds: number;
  /** Cold starts of each peer and round that count. */
  readonly functions: number;
  /** Before them. */
  readonly uncounted: number;
  readonly pauseMs: number;
  readonly settleMs: number;
}

const WARM_REQUESTS = 2;
/** Of what has nothing to fill up after its start. */
const SETTLE_MS = 200;

/** First requests, one at a time, with each peer started anew for each pass; the order is turned every round. */
export async function measurePeerCold(
  { peers, failed, payloadBytes, progress }: PeerBench,
  plan: PeerColdPlan,
  task: PeerTask,
): Promise<readonly PeerColdPass[]> {
  const starting = peers.filter(({ cold }) => cold !== undefined);
  const passes: PeerColdPass[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const peer of round % 2 === 1 ? starting : starting.toReversed()) {
      progress(`round ${round}/${plan.rounds}  cold starts: ${peer.id}`);
      const pass = await failed.attempt(peer, () => wakeAll(peer, task, plan, payloadBytes));
      if (pass !== undefined) passes.push({ round, peer, ...pass });
    }
  }
  return passes.filter(({ peer }) => !failed.has(peer));
}

async function wakeAll(
  peer: Peer,
  task: PeerTask,
  { uncounted, pauseMs, settleMs }: PeerColdPlan,
  payloadBytes: number,
): Promise<Pick<PeerColdPass, 'coldMs' | 'warmMs'>> {
  await using running = await peer.start(task);
  await using generator = await startGenerator(task.site, payloadBytes);
  await sleep(peer.settles ? settleMs : SETTLE_MS);
  const perFunction = peer.cold === 'always' ? 1 : 1 + WARM_REQUESTS;
  const addresses = Array.from({ length: task.tenants }, (_, tenant) =>
    Array.from({ length: perFunction }, () => running.addressOf(tenant)),
  ).flat();
  const all = await generator.call('sequence', { addresses, pauseMs });
  const counted = all.slice(uncounted * perFunction);
  if (peer.cold === 'never') return { coldMs: [], warmMs: counted };
  return {
    coldMs: counted.filter((_, index) => index % perFunction === 0),
    warmMs: counted.filter((_, index) => index % perFunction !== 0),
  };
}
