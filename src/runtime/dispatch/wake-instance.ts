import type { Clock, FunctionSpec, PreparedBinding } from '../../core/index.ts';
import type { CodeCache } from '../isolate/code-cache.ts';
import type { GuestIsolate } from '../isolate/guest-isolate.ts';
import type { IsolatePool } from '../isolate/isolate-pool.ts';
import type { EntryJournal } from '../observer.ts';
import type { WasmFunction } from '../wasm/wasm-function.ts';
import { BATCH_BUDGET_MS, Instance, type InstanceOwner } from './instance.ts';

export interface WakeOptions {
  readonly pool: IsolatePool;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly spec: FunctionSpec;
  readonly bindings: ReadonlyMap<string, PreparedBinding>;
  readonly code: FunctionCode;
  readonly cache: CodeCache | undefined;
  readonly owner: InstanceOwner;
}

/** A script, or a WebAssembly module and how to run it. */
export type FunctionCode = string | WasmFunction;

/**
 * Runs a function's code in a blank isolate.
 * @returns the names of its handlers
 * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
 */
export function loadFunction(
  isolate: GuestIsolate,
  spec: FunctionSpec,
  code: FunctionCode,
  cache?: CodeCache,
): readonly string[] {
  const { name, namespace, triggers, environment, limits } = spec;
  const bindings = Object.entries(spec.bindings).map(([label, { service }]) => [label, service]);
  const load = {
    name,
    namespace,
    triggers,
    environment,
    bindings: Object.fromEntries(bindings),
    budgetMs: BATCH_BUDGET_MS,
  };
  if (typeof code === 'string') return isolate.load(code, `${name}.js`, load, cache);
  const { module, ...run } = code;
  return isolate.loadModule(module, {
    ...load,
    module: { ...run, name, environment, memoryBytes: limits.memoryBytes },
  });
}

/**
 * Loads a function in an isolate of its own.
 * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
 */
export function wakeInstance({ pool, spec, code, cache, ...rest }: WakeOptions): Instance {
  const { isolate } = pool.acquire(spec.limits.memoryBytes);
  try {
    loadFunction(isolate, spec, code, cache);
  } catch (error) {
    isolate[Symbol.dispose]();
    throw error;
  }
  return new Instance({ isolate, spec, ...rest });
}
