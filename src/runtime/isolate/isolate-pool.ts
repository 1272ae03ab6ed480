import type { EntryGuard } from '../watchdog/entry-guard.ts';
import { GuestIsolate } from './guest-isolate.ts';
import { SharedScript } from './shared-script.ts';

export interface IsolatePoolOptions {
  readonly prelude: string;
  readonly guard: EntryGuard;
  /** Blank isolates to keep for each memory size in use. */
  readonly spares: number;
  /** Whether a debugger may attach to the isolates. @default false */
  readonly inspectable?: boolean;
  /** Whether the thread has had nothing to do for a moment. @default always */
  readonly isQuiet?: () => boolean;
}

/** Memory sizes for which blanks are kept, those used last; an isolate's size is fixed when it is made. */
const MAX_SIZES = 3;
const REFILL_PAUSE_MS = 1;
/** Traffic may put off one refill for so long; what is missing then costs a cold start more than it spares. */
const MAX_PUT_OFF_MS = 50;

/** Keeps blank isolates prepared, so that a cold start pays only for the function's own code. */
export class IsolatePool {
  readonly #prelude: SharedScript;
  readonly #guard: EntryGuard;
  readonly #spares: number;
  readonly #blank = new Map<number, GuestIsolate[]>();
  readonly #isQuiet: () => boolean;
  readonly #inspectable: boolean;
  #refillPlanned = false;
  #missingSinceMs = 0;
  #refills = 0;
  #refillMs = 0;
  #disposed = false;

  constructor(options: IsolatePoolOptions) {
    this.#prelude = new SharedScript(options.prelude, 'hairspring:prelude');
    this.#guard = options.guard;
    this.#spares = options.spares;
    this.#isQuiet = options.isQuiet ?? (() => true);
    this.#inspectable = options.inspectable ?? false;
  }

  /** Blanks made in the background so far, and the thread's time that they took. */
  get refills(): { readonly count: number; readonly totalMs: number } {
    return { count: this.#refills, totalMs: this.#refillMs };
  }

  get size(): number {
    let count = 0;
    for (const isolates of this.#blank.values()) count += isolates.length;
    return count;
  }

  /** Announces a memory size; the pool fills up for it in the background. */
  prepare(memoryBytes: number): void {
    this.#touch(memoryBytes);
    this.#planRefill();
  }

  /** Makes a size the one used last, and lets go of the one that has not been used for longest. */
  #touch(memoryBytes: number): GuestIsolate[] {
    const isolates = this.#blank.get(memoryBytes) ?? [];
    this.#blank.delete(memoryBytes);
    this.#blank.set(memoryBytes, isolates);
    for (const oldest of this.#blank.keys()) {
      if (this.#blank.size <= MAX_SIZES) break;
      this.forget(oldest);
    }
    return isolates;
  }

  /** Forgets a memory size that no function uses any more. */
  forget(memoryBytes: number): void {
    for (const isolate of this.#blank.get(memoryBytes) ?? []) isolate[Symbol.dispose]();
    this.#blank.delete(memoryBytes);
  }

  /** A blank isolate, from the pool when it has one. The caller owns it. */
  acquire(memoryBytes: number): { readonly isolate: GuestIsolate; readonly pooled: boolean } {
    const spare = this.#touch(memoryBytes).pop();
    this.#planRefill();
    if (spare !== undefined) return { isolate: spare, pooled: true };
    return { isolate: this.create(memoryBytes), pooled: false };
  }

  /** Makes the code cache of the prelude anew, with what `isolate` has used of it. */
  learnFrom(isolate: GuestIsolate): void {
    isolate.teach(this.#prelude);
  }

  create(memoryBytes: number): GuestIsolate {
    return new GuestIsolate(this.#prelude, memoryBytes, this.#guard, this.#inspectable);
  }

  /**
   * Makes one isolate per turn of the event loop, in a quiet moment: each takes a few milliseconds of the
   * thread that serves messages.
   */
  #planRefill(): void {
    if (this.#refillPlanned || this.#disposed) return;
    this.#refillPlanned = true;
    this.#missingSinceMs = performance.now();
    this.#refillSoon();
  }

  #refillSoon(): void {
    setTimeout(() => {
      if (this.#disposed) return;
      const isPutOff = !this.#isQuiet() && performance.now() - this.#missingSinceMs < MAX_PUT_OFF_MS;
      if (isPutOff) {
        this.#refillSoon();
        return;
      }
      this.#refillPlanned = false;
      this.#refillOne();
    }, REFILL_PAUSE_MS).unref();
  }

  #refillOne(): void {
    for (const [memoryBytes, isolates] of this.#blank) {
      if (isolates.length >= this.#spares) continue;
      const startedMs = performance.now();
      isolates.push(this.create(memoryBytes));
      this.#refills += 1;
      this.#refillMs += performance.now() - startedMs;
      this.#planRefill();
      return;
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const memoryBytes of [...this.#blank.keys()]) this.forget(memoryBytes);
  }
}
