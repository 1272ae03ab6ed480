import type { BenchRun, Site } from '../bench-run.ts';
import { bundlePadded } from '../deploy.ts';
import type { FailedPeers } from './failed-peers.ts';
import type { Peer, PeerTask } from './peer.ts';

/** What all measurements of peers share. */
export interface PeerBench {
  readonly site: Site;
  readonly peers: readonly Peer[];
  readonly failed: FailedPeers;
  readonly payloadBytes: number;
  readonly progress: BenchRun['progress'];
}

/** Bundles what the peers are to run, once for all of them. */
export async function makeTask(task: Omit<PeerTask, 'code'>): Promise<PeerTask> {
  const { code } = await bundlePadded(task.entry, task.padTo);
  return { ...task, code };
}

/** Before anything of `tasks` is measured. */
export async function preparePeers({ peers }: PeerBench, tasks: readonly PeerTask[]): Promise<void> {
  await Promise.all(peers.map((peer) => peer.prepare?.(tasks)));
}
