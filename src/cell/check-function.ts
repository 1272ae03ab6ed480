import { type CheckResult, type FunctionSpec, MAX_CODE_CACHE_BYTES } from '../core/index.ts';
import { codeCacheTag, loadFunction } from '../runtime/index.ts';
import type { CellParts } from './assignment.ts';

/** Loads a function that is to be deployed, in an isolate of its own, which ends with it. */
export function checkFunction({ codes, pool, stacks }: CellParts, spec: FunctionSpec): CheckResult {
  const code = codes.codeOnce(spec);
  const isolate = pool.create(spec.limits);
  try {
    if (typeof code === 'string') isolate.compileEagerly(code, `${spec.name}.js`);
    const handlers = loadFunction(isolate, { ...spec, bindings: {} }, code);
    const heapBytes = isolate.memoryUse().heapBytes;
    const bytes = typeof code === 'string' ? isolate.codeCache(code, `${spec.name}.js`) : undefined;
    const isKept = bytes !== undefined && bytes.length <= MAX_CODE_CACHE_BYTES;
    return { handlers, heapBytes, codeCache: isKept ? { tag: codeCacheTag(), bytes } : null };
  } catch (error) {
    throw stacks.located(spec, error);
  } finally {
    isolate[Symbol.dispose]();
  }
}
