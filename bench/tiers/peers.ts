import type { Row } from '../../src/measure/index.ts';
import { type BenchRun, openSite } from '../bench-run.ts';
import { availablePeers, LEFT_OUT } from '../peers/all-peers.ts';
import { measurePeerCold, type PeerColdPlan } from '../peers/cold-peers.ts';
import { FailedPeers } from '../peers/failed-peers.ts';
import { measurePeerLoad, type PeerLoadPlan } from '../peers/load-peers.ts';
import { makeTask, type PeerBench, preparePeers } from '../peers/peer-bench.ts';
import { findPrograms, type Programs } from '../peers/programs.ts';
import { peerColdRows, peerLoadRows } from '../peers/rows.ts';
import { SCRIPT_SIZES } from '../plan.ts';

/** At most: all peers together have three minutes in a full pass and half a minute in a quick one. */
const FULL = { loadRounds: 3, windowMs: 1_000, coldRounds: 3, functions: 25, uncounted: 5 };
const QUICK: typeof FULL = { loadRounds: 1, windowMs: 250, coldRounds: 1, functions: 6, uncounted: 2 };

const FULL_LOADS = [1, 64] as const;
const QUICK_LOADS = [64] as const;

const TRANSPORTS =
  'Peers over HTTP are asked by keep-alive connections, one request on each at a time, those over NATS by one connection: ratios are to the floor, and to Hairspring, over the same transport, and CPU is that of the responder alone';

/** What people would use instead, beside Hairspring and the floors of both transports. */
export async function measurePeers(
  run: BenchRun,
): Promise<{ readonly rows: readonly Row[]; readonly notes: readonly string[] }> {
  const { plan, progress } = run;
  const { programs, notes: missing } = await findPrograms(progress);
  const peers = availablePeers(programs);
  const failed = new FailedPeers();
  const most = plan.quick ? QUICK : FULL;
  const coldPlan: PeerColdPlan = {
    rounds: Math.min(plan.coldRounds, most.coldRounds),
    functions: most.functions,
    uncounted: most.uncounted,
    pauseMs: plan.coldPauseMs,
    settleMs: plan.settleMs,
  };
  const loadPlan: PeerLoadPlan = {
    rounds: Math.min(plan.rounds, most.loadRounds),
    inFlight: plan.quick ? QUICK_LOADS : FULL_LOADS,
    firstWarmupMs: Math.min(plan.firstWarmupMs, most.windowMs),
    warmupMs: plan.warmupMs,
    windowMs: Math.min(plan.windowMs, most.windowMs),
  };
  await using site = await openSite();
  const { payloadBytes } = plan;
  const bench: PeerBench = { site, peers, failed, payloadBytes, progress };
  const { entry, chars } = SCRIPT_SIZES.small;
  const tenants = coldPlan.functions + coldPlan.uncounted;
  const coldTask = await makeTask({ site, programs, entry, padTo: chars, tenants });
  const loadTask = await makeTask({ site, programs, entry: 'echo.js', padTo: 0, tenants: 1 });
  await preparePeers(bench, [coldTask, loadTask]);
  const passes = await measurePeerCold(bench, coldPlan, coldTask);
  const windows = await measurePeerLoad(bench, loadPlan, loadTask);
  return {
    rows: [...peerColdRows(passes, chars), ...peerLoadRows(windows)],
    notes: [
      ...versionNotes(programs),
      TRANSPORTS,
      ...peers.flatMap(({ title, notes }) => notes.map((note) => `${title}: ${note}`)),
      ...missing,
      ...failed.notes,
      ...LEFT_OUT,
    ],
  };
}

function versionNotes({ workerd, deno }: Programs): readonly string[] {
  const found = [
    ...(workerd === undefined ? [] : [`workerd ${workerd.version}`]),
    ...(deno === undefined ? [] : [`Deno ${deno.version}`]),
  ];
  return found.length === 0 ? [] : [`Measured beside Hairspring: ${found.join(', ')}`];
}
