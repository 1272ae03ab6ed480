import type ivm from 'isolated-vm';
import { produceCodeCache } from './code-cache.ts';

const FILENAME = 'hairspring:prelude';

/** The prelude's source and the code cache that V8 made of it in this process. */
export class PreludeCode {
  readonly #source: string;
  #cache: ivm.ExternalCopy<ArrayBuffer> | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  compile(isolate: ivm.Isolate): ivm.Script {
    return isolate.compileScriptSync(
      this.#source,
      this.#cache === undefined ? { filename: FILENAME } : { filename: FILENAME, cachedData: this.#cache },
    );
  }

  /** Makes the cache in the first isolate that has rehearsed, so that it has what the rehearsal compiled. */
  learn(isolate: ivm.Isolate): void {
    if (this.#cache === undefined) this.relearn(isolate);
  }

  /** Makes the cache anew in an isolate that has done more. Every blank isolate pays for all that is in it. */
  relearn(isolate: ivm.Isolate): void {
    this.#cache = produceCodeCache(isolate, this.#source, FILENAME) ?? this.#cache;
  }
}
