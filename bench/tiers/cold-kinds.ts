import { Kvm } from '@nats-io/kv';
import { wrapModule } from '../../test/support/component/index.ts';
import type { Site } from '../bench-run.ts';
import { type BenchFunction, type DeployOptions, deployCopies, deployModule } from '../deploy.ts';
import { SCRIPT_SIZES } from '../plan.ts';
import { buildModule } from '../wasm-module.ts';

/** One kind of function that is woken. */
export interface ColdKind {
  readonly name: string;
  /** For people: `5 KB`. */
  readonly title: string;
  readonly params: { readonly code: string; readonly bundleBytes: number; readonly hostCalls: number };
  /**
   * Kinds of one site wait in one cell. A cell keeps 32 MiB of code in memory, those used last, and only what is there
   * wakes without being read.
   */
  readonly site: ColdSite;
  /** Functions of this kind that count, in each round; undefined: as many as the plan says. */
  readonly count?: number;
  readonly deploy: (site: Site, functions: readonly BenchFunction[]) => Promise<void>;
}

export type ColdSite = 'small' | 'large' | 'module';

const BUCKET = 'bench';
const BINDINGS = { KV: { kv: BUCKET, access: 'read', keys: 'granted.>' } };
const DISTINCT: DeployOptions = { distinct: true, atOnce: 4 };
const MODULE_BYTES = 2_900_000;

const script = (entry: string, padTo: number) => (site: Site, functions: readonly BenchFunction[]) =>
  deployCopies(site.nc, entry, functions, { ...DISTINCT, padTo });

async function deployCallers(
  { nc }: Site,
  functions: readonly BenchFunction[],
  hostCalls: number,
): Promise<void> {
  const bound = functions.map((one) => ({
    ...one,
    bindings: BINDINGS,
    environment: { CALLS: String(hostCalls) },
  }));
  await deployCopies(nc, 'kv-gets.js', bound, { ...DISTINCT, padTo: SCRIPT_SIZES.small.chars });
  // The deployment has made the bucket.
  const kv = await new Kvm(nc).open(BUCKET);
  await kv.put('granted.value', 'x');
}

const javascript = (bundleBytes: number, hostCalls = 0) => ({ code: 'javascript', bundleBytes, hostCalls });
const module = (code: string, bundleBytes: number) => ({ code, bundleBytes, hostCalls: 0 });

/** What people write: 5 KB. It comes first, because the bar of cold starts is about it. */
export const USUAL: ColdKind = {
  name: 'js-5k',
  title: '5 KB',
  params: javascript(SCRIPT_SIZES.small.chars),
  site: 'small',
  deploy: script(SCRIPT_SIZES.small.entry, SCRIPT_SIZES.small.chars),
};

/** A script with a library in it. */
export const LARGE: ColdKind = {
  name: 'js-100k',
  title: '100 KB',
  params: javascript(SCRIPT_SIZES.large.chars),
  site: 'large',
  deploy: script(SCRIPT_SIZES.large.entry, SCRIPT_SIZES.large.chars),
};

/** As many modules as a cell keeps in memory. */
export const MODULE: ColdKind = {
  name: 'wasm-2900k',
  title: 'WebAssembly command, 2.9 MB',
  params: module('wasm-command', MODULE_BYTES),
  site: 'module',
  count: 5,
  deploy: async ({ nc }, functions) =>
    await deployModule(nc, await buildModule('echo-command', MODULE_BYTES), functions, { distinct: true }),
};

export const COLD_KINDS: readonly ColdKind[] = [
  USUAL,
  {
    name: 'js-1k',
    title: '1 KB',
    params: javascript(1_000),
    site: 'small',
    deploy: script('echo.js', 1_000),
  },
  {
    name: 'js-call-1',
    title: '5 KB, one KV get',
    params: javascript(SCRIPT_SIZES.small.chars, 1),
    site: 'small',
    deploy: (site, functions) => deployCallers(site, functions, 1),
  },
  {
    name: 'js-call-10',
    title: '5 KB, ten KV gets',
    params: javascript(SCRIPT_SIZES.small.chars, 10),
    site: 'small',
    deploy: (site, functions) => deployCallers(site, functions, 10),
  },
  {
    name: 'wasm-command',
    title: 'WebAssembly command',
    params: module('wasm-command', 300),
    site: 'small',
    deploy: async ({ nc }, functions) =>
      await deployModule(nc, await buildModule('echo-command'), functions, { distinct: true }),
  },
  {
    name: 'wasm-reactor',
    title: 'WebAssembly reactor',
    params: module('wasm-reactor', 300),
    site: 'small',
    deploy: async ({ nc }, functions) =>
      await deployModule(nc, await buildModule('echo-reactor'), functions, { distinct: true }),
  },
  {
    name: 'wasm-component',
    title: 'WebAssembly component',
    params: module('wasm-component', 1_000),
    site: 'small',
    deploy: async ({ nc }, functions) => {
      const component = wrapModule(await buildModule('echo-component'));
      await deployModule(nc, component, functions, { distinct: true });
    },
  },
  LARGE,
  {
    name: 'js-1m',
    title: '1 MB',
    params: javascript(1_000_000),
    site: 'large',
    count: 5,
    deploy: script(SCRIPT_SIZES.large.entry, 1_000_000),
  },
  MODULE,
];
