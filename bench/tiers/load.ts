import { Kvm } from '@nats-io/kv';
import type { Row } from '../../src/measure/index.ts';
import { wrapModule } from '../../test/support/component.ts';
import { type BenchRun, openSite, type Site, startEcho, startKvGet, startNodeWasi } from '../bench-run.ts';
import { deployCopies, deployModule } from '../deploy.ts';
import type { Tier } from '../plan.ts';
import type { LoadPids } from '../process/cpu-window.ts';
import { buildModule } from '../wasm-module.ts';
import { type LoadWindow, loadRows } from './load-rows.ts';
import type { LoadTarget } from './load-targets.ts';

const IN_FLIGHT = [1, 64, 256] as const;
/** Where host calls are compared. */
const HOST_CALL_IN_FLIGHT = 256;

const BUCKET = 'bench';
const KEY = 'granted.value';
/** So that the limit on concurrency does not queue what the load generator has in flight. */
const LIMITS = { concurrency: 256 };

interface Responder {
  readonly target: LoadTarget;
  readonly subject: string;
  readonly inFlight: readonly number[];
  /** Asked before each window: a cell that died has a successor. */
  readonly pids: () => Promise<readonly number[]>;
}

function targetsOf(tiers: readonly Tier[]): ReadonlyMap<LoadTarget, readonly number[]> {
  const targets = new Map<LoadTarget, readonly number[]>();
  const hostCall = tiers.includes('host-call');
  const warm = tiers.includes('warm');
  const wasm = tiers.includes('wasm');
  if (warm || tiers.includes('floor')) targets.set('echo-floor', IN_FLIGHT);
  else if (hostCall || wasm) targets.set('echo-floor', [HOST_CALL_IN_FLIGHT]);
  if (warm) targets.set('echo-function', IN_FLIGHT);
  if (hostCall) {
    for (const target of ['bridge-call', 'digest-call'] as const) targets.set(target, [HOST_CALL_IN_FLIGHT]);
    for (const target of ['kv-floor', 'kv-function'] as const) targets.set(target, IN_FLIGHT);
  }
  if (wasm) {
    for (const target of ['wasm-command', 'wasm-reactor', 'wasm-component', 'wasi-node'] as const)
      targets.set(target, [HOST_CALL_IN_FLIGHT]);
  }
  return targets;
}

/** Starts what `targets` need; each responder in a process of its own, the functions in one cell of one host. */
async function startResponders(
  site: Site,
  targets: ReadonlyMap<LoadTarget, readonly number[]>,
  payloadBytes: number,
  stack: AsyncDisposableStack,
): Promise<readonly Responder[]> {
  const { nc } = site;
  const { url } = site.nats;
  const responders: Responder[] = [];
  const add = (target: LoadTarget, pids: Responder['pids']): void => {
    responders.push({ target, subject: `bench.${target}`, inFlight: targets.get(target) ?? [], pids });
  };
  const echo = stack.use(await startEcho({ url, subject: 'bench.echo-floor' }));
  add('echo-floor', async () => [echo.pid]);
  const needsFunctions = [...targets.keys()].some((target) => !target.endsWith('-floor'));
  if (!needsFunctions) return responders;
  const host = stack.use(await site.startHost({}));
  const hostPids = async (): Promise<readonly number[]> => [host.pid, ...(await host.call('cellPids', null))];
  if (targets.has('echo-function')) {
    await deployCopies(nc, 'echo.js', [{ name: 'echo', subject: 'bench.echo-function', limits: LIMITS }]);
    add('echo-function', hostPids);
  }
  if (targets.has('bridge-call')) {
    const bindings = { KV: { kv: BUCKET, access: 'read', keys: 'granted.>' } };
    await deployCopies(nc, 'timer.js', [{ name: 'timer', subject: 'bench.bridge-call', limits: LIMITS }]);
    await deployCopies(nc, 'digest.js', [{ name: 'digest', subject: 'bench.digest-call', limits: LIMITS }]);
    await deployCopies(nc, 'kv-get.js', [
      { name: 'kv-get', subject: 'bench.kv-function', bindings, limits: LIMITS },
    ]);
    // The deployment has made the bucket.
    const kv = await new Kvm(nc).open(BUCKET);
    await kv.put(KEY, new Uint8Array(payloadBytes).fill(0x78));
    const kvResponder = stack.use(
      await startKvGet({ url, subject: 'bench.kv-floor', bucket: BUCKET, key: KEY }),
    );
    add('bridge-call', hostPids);
    add('digest-call', hostPids);
    add('kv-floor', async () => [kvResponder.pid]);
    add('kv-function', hostPids);
  }
  if (targets.has('wasm-command')) {
    const command = await buildModule('echo-command');
    const reactor = await buildModule('echo-reactor');
    await deployModule(nc, command, [
      { name: 'wasm-command', subject: 'bench.wasm-command', limits: LIMITS },
    ]);
    await deployModule(nc, reactor, [
      { name: 'wasm-reactor', subject: 'bench.wasm-reactor', limits: LIMITS },
    ]);
    const component = wrapModule(await buildModule('echo-component'));
    await deployModule(nc, component, [
      { name: 'wasm-component', subject: 'bench.wasm-component', limits: LIMITS },
    ]);
    const module = Buffer.from(command).toString('base64');
    const wasi = stack.use(await startNodeWasi({ url, subject: 'bench.wasi-node', module }));
    add('wasm-command', hostPids);
    add('wasm-reactor', hostPids);
    add('wasm-component', hostPids);
    add('wasi-node', async () => [wasi.pid]);
  }
  return responders;
}

/** Floors and functions side by side: in each round every target once at each load, the order turned every round. */
export async function measureLoad(run: BenchRun): Promise<readonly Row[]> {
  const { plan, progress } = run;
  const { payloadBytes } = plan;
  const targets = targetsOf(plan.tiers);
  if (targets.size === 0) return [];
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await openSite());
  const responders = await startResponders(site, targets, payloadBytes, stack);
  const generator = stack.use(await site.startGenerator(payloadBytes));
  const measure = async (responder: Responder, inFlight: number, warmupMs: number, windowMs: number) => {
    const pids: LoadPids = { server: [site.nats.pid], responder: await responder.pids() };
    return await generator.call('load', { subject: responder.subject, inFlight, warmupMs, windowMs, pids });
  };
  for (const responder of responders) {
    progress(`warming up ${responder.target}`);
    await measure(responder, HOST_CALL_IN_FLIGHT, 0, plan.firstWarmupMs);
  }
  const windows: LoadWindow[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const ordered = round % 2 === 1 ? responders : responders.toReversed();
    for (const inFlight of IN_FLIGHT) {
      for (const responder of ordered) {
        if (!responder.inFlight.includes(inFlight)) continue;
        const result = await measure(responder, inFlight, plan.warmupMs, plan.windowMs);
        windows.push({ round, target: responder.target, inFlight, payloadBytes, ...result });
        progress(
          `round ${round}/${plan.rounds}  ${responder.target} × ${inFlight}: ${Math.round(result.perSecond)}/s, p50 ${Math.round(result.p50Us)} µs`,
        );
      }
    }
  }
  return loadRows(windows);
}
