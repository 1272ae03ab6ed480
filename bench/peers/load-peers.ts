import type { Child, LoadWindow } from '../../src/measure/index.ts';
import { startGenerator } from './ask.ts';
import type { GeneratorCommands } from './generator.ts';
import type { Peer, PeerTask, RunningPeer } from './peer.ts';
import type { PeerBench } from './peer-bench.ts';

/** One peer at one load for one window. */
export interface PeerWindow extends LoadWindow {
  readonly round: number;
  readonly peer: Peer;
  readonly inFlight: number;
  readonly payloadBytes: number;
}

export interface PeerLoadPlan {
  readonly rounds: number;
  readonly inFlight: readonly number[];
  readonly firstWarmupMs: number;
  readonly warmupMs: number;
  readonly windowMs: number;
}

interface Started {
  readonly peer: Peer;
  readonly running: RunningPeer;
}

/** Floors, Hairspring and peers side by side: in each round each once at each load, the order turned every round. */
export async function measurePeerLoad(
  { site, peers, failed, payloadBytes, progress }: PeerBench,
  plan: PeerLoadPlan,
  task: PeerTask,
): Promise<readonly PeerWindow[]> {
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(await startGenerator(site, payloadBytes));
  const mostInFlight = Math.max(...plan.inFlight);
  const started: Started[] = [];
  for (const peer of peers.filter(({ underLoad }) => underLoad)) {
    progress(`starting and warming up ${peer.id}`);
    const running = await failed.attempt(peer, () => peer.start(task));
    if (running === undefined) continue;
    const each = { peer, running: stack.use(running) };
    started.push(each);
    // What starts anew for each request has nothing to warm up.
    if (peer.cold === 'always') continue;
    const warmUp = { ...plan, windowMs: plan.firstWarmupMs };
    await failed.attempt(peer, () => measureOne(generator, site.nats.pid, each, mostInFlight, warmUp));
  }
  const windows: PeerWindow[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const ordered = round % 2 === 1 ? started : started.toReversed();
    for (const inFlight of plan.inFlight) {
      for (const each of ordered) {
        const { peer } = each;
        const result = await failed.attempt(peer, () =>
          measureOne(generator, site.nats.pid, each, inFlight, plan),
        );
        if (result === undefined) continue;
        windows.push({ ...result, round, peer, inFlight, payloadBytes });
        progress(
          `round ${round}/${plan.rounds}  ${peer.id} × ${inFlight}: ${Math.round(result.perSecond)}/s, p50 ${Math.round(result.p50Us)} µs`,
        );
      }
    }
  }
  return windows.filter(({ peer }) => !failed.has(peer));
}

async function measureOne(
  generator: Child<GeneratorCommands>,
  serverPid: number,
  { peer, running }: Started,
  inFlight: number,
  { warmupMs, windowMs }: PeerLoadPlan,
): Promise<LoadWindow> {
  return await generator.call('load', {
    address: running.addressOf(0),
    inFlight,
    warmupMs,
    windowMs: Math.max(windowMs, peer.minWindowMs ?? 0),
    pids: {
      server: peer.transport === 'nats' ? [serverPid] : [],
      responder: await running.pids(),
    },
  });
}
