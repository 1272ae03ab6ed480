import { Kvm } from '@nats-io/kv';
import type { LoadPids } from '../../src/measure/index.ts';
import { wrapModule } from '../../test/support/component/index.ts';
import { type Site, startEcho, startKvGet, startNodeWasi } from '../bench-run.ts';
import { type BenchFunction, deployCopies, deployModule } from '../deploy.ts';
import { buildModule } from '../wasm-module.ts';
import type { LoadTarget } from './load-targets.ts';

const BUCKET = 'bench';
const KEY = 'granted.value';
/** The most that a function may have: what the load generator has in flight is not queued, but for 24 of 1,024. */
const LIMITS = { concurrency: 1_000 };

/** Someone who answers under load. */
export interface Responder {
  readonly target: LoadTarget;
  readonly subject: string;
  /** Asked before each window: a cell that died has a successor. */
  readonly pids: () => Promise<LoadPids>;
}

export interface ResponderOptions {
  readonly site: Site;
  readonly targets: ReadonlySet<LoadTarget>;
  /** Of the value in the KV bucket. */
  readonly payloadBytes: number;
}

const FLOORS: ReadonlySet<LoadTarget> = new Set(['echo-floor', 'kv-floor', 'wasi-node']);
const subjectOf = (target: LoadTarget): string => `bench.${target}`;

/** Starts `targets`: each bare responder in a process of its own, the functions in one cell of one host. */
export async function startResponders(
  options: ResponderOptions,
  stack: AsyncDisposableStack,
): Promise<readonly Responder[]> {
  const { site, targets } = options;
  const pidsOf = new Map<LoadTarget, () => Promise<readonly number[]>>();
  if ([...targets].some((target) => !FLOORS.has(target))) {
    const host = stack.use(await site.startHost({}));
    const hostPids = async () => [host.pid, ...(await host.call('cellPids', null))];
    for (const target of targets) {
      if (FLOORS.has(target)) continue;
      await deployTarget(site, target);
      pidsOf.set(target, hostPids);
    }
  }
  for (const target of targets) {
    if (!FLOORS.has(target)) continue;
    const { pid } = stack.use(await startFloor(target, options));
    pidsOf.set(target, async () => [pid]);
  }
  const server = [site.nats.pid];
  return [...targets].map((target) => ({
    target,
    subject: subjectOf(target),
    pids: async () => ({ server, responder: (await pidsOf.get(target)?.()) ?? [] }),
  }));
}

async function startFloor(target: LoadTarget, { site, payloadBytes }: ResponderOptions) {
  const { url } = site.nats;
  const subject = subjectOf(target);
  switch (target) {
    case 'kv-floor': {
      // The deployment of the function that reads it has made it.
      const kv = await new Kvm(site.nc).open(BUCKET);
      await kv.put(KEY, new Uint8Array(payloadBytes).fill(0x78));
      return await startKvGet({ url, subject, bucket: BUCKET, key: KEY });
    }
    case 'wasi-node': {
      const module = Buffer.from(await buildModule('echo-command')).toString('base64');
      return await startNodeWasi({ url, subject, module });
    }
    default:
      return await startEcho({ url, subject });
  }
}

async function deployTarget({ nc }: Site, target: LoadTarget): Promise<void> {
  const one: BenchFunction = { name: target, subject: subjectOf(target), limits: LIMITS };
  switch (target) {
    case 'echo-function':
      return await deployCopies(nc, 'echo.js', [one]);
    case 'bridge-call':
      return await deployCopies(nc, 'timer.js', [one]);
    case 'digest-call':
      return await deployCopies(nc, 'digest.js', [one]);
    case 'kv-function': {
      const bindings = { KV: { kv: BUCKET, access: 'read', keys: 'granted.>' } };
      return await deployCopies(nc, 'kv-get.js', [{ ...one, bindings }]);
    }
    case 'wasm-command':
      return await deployModule(nc, await buildModule('echo-command'), [one]);
    case 'wasm-reactor':
      return await deployModule(nc, await buildModule('echo-reactor'), [one]);
    case 'wasm-component':
      return await deployModule(nc, wrapModule(await buildModule('echo-component')), [one]);
    default:
      throw new Error(`${target} is no function`);
  }
}
