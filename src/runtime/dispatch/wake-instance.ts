import {
  type Clock,
  type FunctionSpec,
  isHttpTrigger,
  type Observer,
  type PreparedBinding,
} from '../../core/index.ts';
import type { CodeCache } from '../isolate/code-cache.ts';
import type { GuestIsolate } from '../isolate/guest-isolate.ts';
import type { GuestCode, LoadSpec } from '../isolate/guest-load.ts';
import type { IsolatePool, IsolateShape } from '../isolate/isolate-pool.ts';
import { moduleScript } from '../isolate/prelude.ts';
import type { EntryJournal } from '../observer.ts';
import type { WasmFunction } from '../wasm/wasm-function.ts';
import { INVOCATION_ID_PREFIX } from './flight.ts';
import { BATCH_BUDGET_MS, Instance, type InstanceOwner } from './instance.ts';

/** A script, or a WebAssembly module and how to run it. */
export type FunctionCode = string | WasmFunction;

export interface WakeOptions {
  readonly pool: IsolatePool;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly observer: Observer;
  readonly spec: FunctionSpec;
  readonly bindings: ReadonlyMap<string, PreparedBinding>;
  readonly code: FunctionCode;
  readonly cache: CodeCache | undefined;
  readonly owner: InstanceOwner;
}

/** Modules have no use for the web platform: what a component answers requests with is its own. */
export function shapeOf({ type, triggers, limits: { memoryBytes } }: FunctionSpec): IsolateShape {
  const readiness = type === 'javascript' && triggers.some(isHttpTrigger) ? 'requests' : 'messages';
  return { memoryBytes, readiness };
}

/**
 * Runs a function's code in a blank isolate.
 * @returns the names of its handlers
 * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
 */
export function loadFunction(
  isolate: GuestIsolate,
  spec: FunctionSpec,
  code: FunctionCode,
): readonly string[] {
  return isolate.load(...loadArguments(spec, code, undefined));
}

/**
 * Loads a function in an isolate of its own, for `cpuMs` at the most.
 * @returns undefined when that was not enough
 * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
 */
export function wakeInstance(options: WakeOptions, cpuMs: number): Instance | undefined {
  const { pool, spec, code, cache } = options;
  const { isolate } = pool.acquire(shapeOf(spec));
  let loaded = false;
  try {
    loaded = isolate.loadWithin(cpuMs, ...loadArguments(spec, code, cache)) !== undefined;
  } finally {
    if (!loaded) isolate[Symbol.dispose]();
  }
  return loaded ? createInstance(isolate, options) : undefined;
}

/**
 * As `wakeInstance`, on a thread of the heavy lane and with the time that a deployment is given.
 * Rejects with HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY.
 */
export async function wakeInstanceAway(options: WakeOptions, slot: number): Promise<Instance> {
  const { pool, spec, code, cache } = options;
  const { isolate } = pool.acquire(shapeOf(spec));
  try {
    await isolate.loadAway(slot, ...loadArguments(spec, code, cache));
  } catch (error) {
    isolate[Symbol.dispose]();
    throw error;
  }
  return createInstance(isolate, options);
}

function createInstance(
  isolate: GuestIsolate,
  { pool: _pool, code: _code, cache: _cache, ...rest }: WakeOptions,
): Instance {
  return new Instance({ isolate, ...rest });
}

function loadArguments(
  { name, namespace, triggers, environment, bindings, limits }: FunctionSpec,
  code: FunctionCode,
  cache: CodeCache | undefined,
): [code: GuestCode, spec: LoadSpec] {
  const services = Object.entries(bindings).map(([label, { service }]) => [label, service] as const);
  const load: LoadSpec = {
    name,
    namespace,
    triggers,
    environment,
    bindings: Object.fromEntries(services),
    budgetMs: BATCH_BUDGET_MS,
    idPrefix: INVOCATION_ID_PREFIX,
  };
  if (typeof code === 'string') return [{ kind: 'script', text: code, filename: `${name}.js`, cache }, load];
  const { modules, features, ...how } = code;
  const run = { ...how, name, environment, bindings: load.bindings, memoryBytes: limits.memoryBytes };
  return [{ kind: 'module', modules, features: moduleScript(features), run }, load];
}
