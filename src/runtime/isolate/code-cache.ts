import { cachedDataVersionTag, setFlagsFromString } from 'node:v8';
import ivm from 'isolated-vm';

/**
 * V8's code cache of a script, in a form that isolates take. Only bytes that V8 itself made in a process
 * with the same tag may become one: V8 does not check them, and others end the process.
 */
export class CodeCache {
  readonly byteLength: number;
  /** Made of an instance that had served calls, so that it has the code of the handlers as well. */
  readonly hasHandlers: boolean;
  readonly copy: ivm.ExternalCopy<ArrayBuffer>;
  /** V8 did not want it, and will not the next time. */
  rejected = false;
  #isDisposed = false;

  constructor(bytes: Uint8Array, hasHandlers = false) {
    this.hasHandlers = hasHandlers;
    this.byteLength = bytes.byteLength;
    // Of a view, exactly its own bytes: `slice` of a Buffer copies nothing.
    this.copy = new ivm.ExternalCopy(new Uint8Array(bytes).buffer);
  }

  /** Gives its memory up: V8 sees little of it, and would leave it for minutes. Doing it twice is doing it once. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.rejected = true;
    this.copy.release();
  }
}

/** Equal for two processes whose isolates accept each other's caches: V8, its flags and the processor. */
export function codeCacheTag(): string {
  return `${process.arch}-${process.versions.v8}-${cachedDataVersionTag()}`;
}

/** All functions of a longer script are more to take in at every wake than the few to compile that are called. */
const MAX_EAGER_CHARS = 16 * 1024;

/**
 * Has V8 compile all functions of a short script, so that the cache which is made of it later has the handlers
 * as well, though none has been called. The flag is back before the cache is made: V8 wants the same ones.
 */
export function compileEagerly(isolate: ivm.Isolate, source: string, filename: string): void {
  if (source.length > MAX_EAGER_CHARS) return;
  setFlagsFromString('--no-lazy');
  try {
    isolate.compileScriptSync(source, { filename }).release();
  } catch {
    // Whoever loads it hears why it does not compile.
  } finally {
    setFlagsFromString('--lazy');
  }
}

/**
 * Makes the cache of a script that has run in `isolate`: V8 then still has what it compiled, functions that
 * were called included, and compiling the same text again hands out all of it.
 */
export function produceCodeCache(
  isolate: ivm.Isolate,
  source: string,
  filename: string,
): ivm.ExternalCopy<ArrayBuffer> | undefined {
  const script = isolate.compileScriptSync(source, { filename, produceCachedData: true });
  script.release();
  return (script as ivm.Script & { readonly cachedData?: ivm.ExternalCopy<ArrayBuffer> }).cachedData;
}
