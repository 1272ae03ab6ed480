import type ivm from 'isolated-vm';
import { COPIED, type GuestCode, type LoadSpec, type ModuleCode, type ScriptCode } from './guest-load.ts';

/** The doors of guest/dispatcher.js for what is loaded. */
const ENTER_LOAD = 1;
const ENTER_LOAD_MODULE = 4;

/** Longest list of handler names taken, as JSON. */
const MAX_HANDLERS_CHARS = 64 * 1024;

/** What a function is loaded into. */
export interface LoadTarget {
  readonly isolate: ivm.Isolate;
  readonly context: ivm.Context;
  /** The entry of guest/dispatcher.js. */
  readonly enter: ivm.Reference;
}

/**
 * Runs a script, or makes modules, and prepares `env`.
 * @returns the names of the handlers it exports
 * @throws what the guest throws, or isolated-vm when the time is up; SyntaxError
 */
export function loadCode(
  target: LoadTarget,
  code: GuestCode,
  spec: LoadSpec,
  timeout: number,
): readonly string[] {
  const { isolate, context, enter } = target;
  if (code.kind === 'module') return loadModule(target, code, spec, timeout);
  const script = isolate.compileScriptSync(code.text, withCache(code));
  noteRejection(code, script);
  script.runSync(context, { timeout });
  script.release();
  return parseHandlers(enter.applySync(undefined, scriptEntry(spec), { timeout }));
}

function loadModule(
  { isolate, context, enter }: LoadTarget,
  code: ModuleCode,
  spec: LoadSpec,
  timeout: number,
): readonly string[] {
  const script = isolate.compileScriptSync(code.features.source, code.features.info);
  const features = script.runSync(context, { timeout, reference: true }) as ivm.Reference;
  script.release();
  const found = enter.applySync(undefined, moduleEntry(code, spec, features), { ...COPIED, timeout });
  features.release();
  code.features.learn(isolate);
  return parseHandlers(found);
}

/** As {@link loadCode}, on a pool thread. */
export async function loadCodeAway(
  target: LoadTarget,
  code: GuestCode,
  spec: LoadSpec,
  timeout: number,
): Promise<readonly string[]> {
  const { isolate, context, enter } = target;
  if (code.kind === 'module') return await loadModuleAway(target, code, spec, timeout);
  const script = await isolate.compileScript(code.text, withCache(code));
  noteRejection(code, script);
  await script.run(context, { timeout });
  script.release();
  return parseHandlers(await enter.apply(undefined, scriptEntry(spec), { timeout }));
}

async function loadModuleAway(
  { isolate, context, enter }: LoadTarget,
  code: ModuleCode,
  spec: LoadSpec,
  timeout: number,
): Promise<readonly string[]> {
  const script = await isolate.compileScript(code.features.source, code.features.info);
  const features = (await script.run(context, { timeout, reference: true })) as ivm.Reference;
  script.release();
  const found = await enter.apply(undefined, moduleEntry(code, spec, features), { ...COPIED, timeout });
  features.release();
  return parseHandlers(found);
}

/** @throws SyntaxError when the guest's runtime did not answer with a list of names */
function parseHandlers(found: unknown): readonly string[] {
  if (typeof found === 'string' && found.length <= MAX_HANDLERS_CHARS) {
    const names: unknown = JSON.parse(found);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  }
  throw new SyntaxError('it patched what the runtime works with');
}

/** V8 takes no cache of another V8: it is not offered again. */
function noteRejection({ cache }: ScriptCode, script: ivm.Script): void {
  const { cachedDataRejected } = script as ivm.Script & { readonly cachedDataRejected?: boolean };
  if (cache !== undefined && cachedDataRejected === true) cache.rejected = true;
}

function withCache({ filename, cache }: ScriptCode): ivm.ScriptInfo {
  return cache === undefined || cache.rejected ? { filename } : { filename, cachedData: cache.copy };
}

/** Arguments of the entry that makes the handlers of a script that has run. */
function scriptEntry(spec: LoadSpec): unknown[] {
  return [ENTER_LOAD, JSON.stringify(spec)];
}

/** The same of modules. @param features what their script gave */
function moduleEntry({ modules, run }: ModuleCode, spec: LoadSpec, features: ivm.Reference): unknown[] {
  return [ENTER_LOAD_MODULE, JSON.stringify({ ...spec, module: run }), features.derefInto(), ...modules];
}
