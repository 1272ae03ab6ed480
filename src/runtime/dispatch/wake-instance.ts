import type { Clock, FunctionSpec, PreparedBinding } from '../../core/index.ts';
import type { GuestIsolate, LoadSpec } from '../isolate/guest-isolate.ts';
import type { IsolatePool } from '../isolate/isolate-pool.ts';
import type { EntryJournal } from '../observer.ts';
import { INVOCATION_ID_PREFIX } from './flight.ts';
import { BATCH_BUDGET_MS, Instance, type InstanceOwner } from './instance.ts';

export interface WakeOptions {
  readonly pool: IsolatePool;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly spec: FunctionSpec;
  readonly bindings: ReadonlyMap<string, PreparedBinding>;
  readonly code: string;
  readonly owner: InstanceOwner;
}

/**
 * Loads a function in an isolate of its own, for `cpuMs` at the most.
 * @returns undefined when that was not enough
 * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
 */
export function wakeInstance(options: WakeOptions, cpuMs: number): Instance | undefined {
  const { isolate } = options.pool.acquire(options.spec.limits.memoryBytes);
  let loaded = false;
  try {
    loaded = isolate.loadWithin(cpuMs, ...loadArguments(options)) !== undefined;
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
  const { isolate } = options.pool.acquire(options.spec.limits.memoryBytes);
  try {
    await isolate.loadAway(slot, ...loadArguments(options));
  } catch (error) {
    isolate[Symbol.dispose]();
    throw error;
  }
  return createInstance(isolate, options);
}

function createInstance(isolate: GuestIsolate, { pool: _pool, code: _code, ...rest }: WakeOptions): Instance {
  return new Instance({ isolate, ...rest });
}

function loadArguments({ spec, code }: WakeOptions): [code: string, filename: string, spec: LoadSpec] {
  const { name, namespace, triggers, environment, bindings } = spec;
  const services = Object.entries(bindings).map(([label, { service }]) => [label, service] as const);
  return [
    code,
    `${name}.js`,
    {
      name,
      namespace,
      triggers,
      environment,
      bindings: Object.fromEntries(services),
      budgetMs: BATCH_BUDGET_MS,
      idPrefix: INVOCATION_ID_PREFIX,
    },
  ];
}
