import type ivm from 'isolated-vm';
import { produceCodeCache } from './code-cache.ts';

/** A script of the runtime's that many isolates run, and the code cache that V8 made of it in this process. */
export class SharedScript {
  readonly source: string;
  readonly #filename: string;
  #cache: ivm.ExternalCopy<ArrayBuffer> | undefined;
  #isThorough = false;

  constructor(source: string, filename: string) {
    this.source = source;
    this.#filename = filename;
  }

  get info(): ivm.ScriptInfo {
    const filename = this.#filename;
    return this.#cache === undefined ? { filename } : { filename, cachedData: this.#cache };
  }

  /** For an evaluation in the guest, in whose stacks it has the same name. */
  get evalSource(): string {
    return `${this.source}\n//# sourceURL=${this.#filename}`;
  }

  /** The cache is of an isolate that has used what the script makes. */
  get isThorough(): boolean {
    return this.#isThorough;
  }

  /** Makes the cache in the first isolate that has run it and has the memory for that. */
  learn(isolate: ivm.Isolate): void {
    if (this.#cache !== undefined) return;
    try {
      this.#cache = produceCodeCache(isolate, this.source, this.#filename);
    } catch {
      // The isolate works without.
    }
  }

  /** Makes the cache anew in an isolate that has done more; all that it has compiled is in it. */
  learnAll(isolate: ivm.Isolate): void {
    this.#isThorough = true;
    this.#cache = produceCodeCache(isolate, this.source, this.#filename) ?? this.#cache;
  }
}
