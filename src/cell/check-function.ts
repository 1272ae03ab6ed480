import { type CheckResult, type FunctionSpec, MAX_CODE_CACHE_BYTES } from '../core/index.ts';
import { codeCacheTag, loadFunction } from '../runtime/index.ts';
import type { CellParts } from './assignment.ts';
import { createCollector } from './garbage-collector.ts';

/**
 * What a check leaves to the collector is little, too little for V8 to collect it for hours, and holds native memory:
 * 3 KB for each check, by which a node with many deployments grew.
 */
const CHECKS_PER_COLLECTION = 64;

/**
 * Checks functions, and frees what that leaves now and then, when the answer is out: nobody waits for a cell that checks.
 */
export function createChecker(
  parts: Pick<CellParts, 'codes' | 'pool' | 'stacks'>,
): (params: { readonly spec: FunctionSpec }) => CheckResult {
  let checks = 0;
  let collect: (() => void) | undefined;
  const tidyUp = (): void => {
    collect ??= createCollector();
    collect();
  };
  return ({ spec }) => {
    checks += 1;
    if (checks % CHECKS_PER_COLLECTION === 0) setImmediate(tidyUp);
    return checkFunction(parts, spec);
  };
}

/** Loads a function that is to be deployed, in an isolate of its own, which ends with it. */
function checkFunction(
  { codes, pool, stacks }: Pick<CellParts, 'codes' | 'pool' | 'stacks'>,
  spec: FunctionSpec,
): CheckResult {
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
