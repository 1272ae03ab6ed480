import type { Load, Plan } from '../plan.ts';
import type { LoadTarget } from './load-targets.ts';

/** Of payloads so large some hundred a second come through: a shorter window would have too few. */
export const LARGE_BYTES = 100_000;
export const LARGE_WINDOW_MS = 500;

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
  if (tiers.includes('open-loop')) {
    // Present, and at no load of their own unless another tier wants one.
    for (const target of ['echo-floor', 'echo-function'] as const)
      targets.set(target, targets.get(target) ?? []);
  }
  if (hostCall) {
    const kvLoads = kvInFlight.map((inFlight) => ({ inFlight, payloadBytes: FULL_LOAD.payloadBytes }));
    targets.set('bridge-call', [FULL_LOAD]);
    if (!quick) targets.set('digest-call', [FULL_LOAD]);
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

/** With what a target is warmed up. */
export function warmUpLoadOf(target: LoadTarget): Load {
  return target === 'wasi-node' ? WASI_LOAD : FULL_LOAD;
}
