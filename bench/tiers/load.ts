import type { Row } from '../../src/measure/index.ts';
import { type BenchRun, openSite } from '../bench-run.ts';
import type { Load, Plan } from '../plan.ts';
import { type LoadWindow, loadRows } from './load-rows.ts';
import type { LoadTarget } from './load-targets.ts';
import { type Responder, startResponders } from './responders.ts';

/** Where targets other than the echo and KV are compared with their floor. */
const FULL_LOAD: Load = { inFlight: 256, payloadBytes: 100 };
/** `node:wasi` keeps files open for each call. */
const WASI_LOAD: Load = { inFlight: 16, payloadBytes: 100 };

/** Which targets a plan measures, each at which loads. */
export function targetsOf({
  tiers,
  echoLoads,
  kvInFlight,
  quick,
}: Plan): ReadonlyMap<LoadTarget, readonly Load[]> {
  const targets = new Map<LoadTarget, readonly Load[]>();
  const hostCall = tiers.includes('host-call');
  const warm = tiers.includes('warm');
  const wasm = tiers.includes('wasm');
  const wasi = wasm && !quick;
  if (warm || tiers.includes('floor')) targets.set('echo-floor', echoLoads);
  else if (hostCall || wasm) targets.set('echo-floor', wasi ? [WASI_LOAD, FULL_LOAD] : [FULL_LOAD]);
  if (warm) targets.set('echo-function', echoLoads);
  if (hostCall) {
    const kvLoads = kvInFlight.map((inFlight) => ({ inFlight, payloadBytes: FULL_LOAD.payloadBytes }));
    targets.set('bridge-call', [FULL_LOAD]);
    targets.set('digest-call', [FULL_LOAD]);
    // The function's deployment makes the bucket.
    targets.set('kv-function', kvLoads);
    targets.set('kv-floor', kvLoads);
  }
  if (wasm) {
    for (const target of ['wasm-command', 'wasm-reactor', 'wasm-component'] as const)
      targets.set(target, [FULL_LOAD]);
    if (wasi) targets.set('wasi-node', [WASI_LOAD]);
  }
  return targets;
}

/** Floors and functions side by side: in each round every target once at each load, the order turned every round. */
export async function measureLoad(run: BenchRun): Promise<readonly Row[]> {
  const { plan, progress } = run;
  const targets = targetsOf(plan);
  if (targets.size === 0) return [];
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await openSite());
  const { payloadBytes } = plan;
  const responders = await startResponders({ site, targets: new Set(targets.keys()), payloadBytes }, stack);
  const generator = stack.use(await site.startGenerator(payloadBytes));
  const measure = async ({ subject, pids }: Responder, load: Load, warmupMs: number, windowMs: number) =>
    await generator.call('load', { ...load, subject, warmupMs, windowMs, pids: await pids() });
  for (const responder of responders) {
    progress(`warming up ${responder.target}`);
    const load = targets.get(responder.target)?.at(-1) ?? FULL_LOAD;
    await measure(responder, { ...load, payloadBytes }, 0, plan.firstWarmupMs);
  }
  const loads = [...new Map([...targets.values()].flat().map((load) => [keyOf(load), load])).values()];
  const windows: LoadWindow[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const ordered = round % 2 === 1 ? responders : responders.toReversed();
    for (const load of loads) {
      for (const responder of ordered) {
        const { target } = responder;
        if (targets.get(target)?.some((one) => keyOf(one) === keyOf(load)) !== true) continue;
        const result = await measure(responder, load, plan.warmupMs, plan.windowMs);
        windows.push({ ...load, round, target, ...result });
        progress(
          `round ${round}/${plan.rounds}  ${target} × ${keyOf(load)}: ${Math.round(result.perSecond)}/s, p50 ${Math.round(result.p50Us)} µs`,
        );
      }
    }
  }
  return loadRows(windows);
}

function keyOf({ inFlight, payloadBytes }: Load): string {
  return `${inFlight}, ${payloadBytes} B`;
}
