import type { Clock, FunctionSpec, PreparedBinding } from '../../core/index.ts';
import type { CodeCache } from '../isolate/code-cache.ts';
import type { LoadSpec } from '../isolate/guest-isolate.ts';
import type { IsolatePool } from '../isolate/isolate-pool.ts';
import type { EntryJournal } from '../observer.ts';
import { BATCH_BUDGET_MS, Instance, type InstanceOwner } from './instance.ts';

export interface WakeOptions {
  readonly pool: IsolatePool;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly spec: FunctionSpec;
  readonly bindings: ReadonlyMap<string, PreparedBinding>;
  readonly code: string;
  readonly cache: CodeCache | undefined;
  readonly owner: InstanceOwner;
}

/**
 * Loads a function in an isolate of its own.
 * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
 */
export function wakeInstance({ pool, spec, code, cache, ...rest }: WakeOptions): Instance {
  const { isolate } = pool.acquire(spec.limits.memoryBytes);
  try {
    const load: LoadSpec = {
      name: spec.name,
      namespace: spec.namespace,
      triggers: spec.triggers,
      environment: spec.environment,
      bindings: Object.fromEntries(
        Object.entries(spec.bindings).map(([label, { service }]) => [label, service]),
      ),
      budgetMs: BATCH_BUDGET_MS,
    };
    isolate.load(code, `${spec.name}.js`, load, cache);
  } catch (error) {
    isolate[Symbol.dispose]();
    throw error;
  }
  return new Instance({ isolate, spec, ...rest });
}
