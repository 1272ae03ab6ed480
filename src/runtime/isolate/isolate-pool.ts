import type { EntryGuard } from '../watchdog/entry-guard.ts';
import { GuestIsolate, type Readiness } from './guest-isolate.ts';
import { SharedScript } from './shared-script.ts';

/** What an isolate is made for; both are fixed when it is made. */
export interface IsolateShape {
  readonly memoryBytes: number;
  /** @default 'messages' */
  readonly readiness?: Readiness;
}

interface Blanks {
  readonly memoryBytes: number;
  readonly readiness: Readiness;
  readonly isolates: GuestIsolate[];
}

export interface IsolatePoolOptions {
  readonly prelude: string;
  readonly guard: EntryGuard;
  /** Blank isolates to keep for each shape in use. */
  readonly spares: number;
  /** Whether a debugger may attach to the isolates. @default false */
  readonly inspectable?: boolean;
  /** Whether the thread has had nothing to do for a moment. @default always */
  readonly isQuiet?: () => boolean;
}

/** Shapes for which blanks are kept, those used last. */
const MAX_SHAPES = 4;
const REFILL_PAUSE_MS = 1;
/** Traffic may put off one refill for so long; what is missing then costs a cold start more than it spares. */
const MAX_PUT_OFF_MS = 50;

/** Keeps blank isolates prepared, so that a cold start pays only for the function's own code. */
export class IsolatePool {
  readonly #prelude: SharedScript;
  readonly #guard: EntryGuard;
  readonly #spares: number;
  readonly #blank = new Map<string, Blanks>();
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
    for (const { isolates } of this.#blank.values()) count += isolates.length;
    return count;
  }

  /** Announces a shape; the pool fills up for it in the background. */
  prepare(shape: IsolateShape): void {
    this.#touch(shape);
    this.#planRefill();
  }

  /** Makes a shape the one used last, and lets go of the one that has not been used for longest. */
  #touch(shape: IsolateShape): GuestIsolate[] {
    const { memoryBytes, readiness = 'messages' } = shape;
    const key = keyOf(shape);
    const blanks = this.#blank.get(key) ?? { memoryBytes, readiness, isolates: [] };
    this.#blank.delete(key);
    this.#blank.set(key, blanks);
    for (const oldest of this.#blank.values()) {
      if (this.#blank.size <= MAX_SHAPES) break;
      this.forget(oldest);
    }
    return blanks.isolates;
  }

  /** Forgets a shape that no function uses any more. */
  forget(shape: IsolateShape): void {
    const key = keyOf(shape);
    for (const isolate of this.#blank.get(key)?.isolates ?? []) isolate[Symbol.dispose]();
    this.#blank.delete(key);
  }

  /** A blank isolate, from the pool when it has one. The caller owns it. */
  acquire(shape: IsolateShape): { readonly isolate: GuestIsolate; readonly pooled: boolean } {
    const { memoryBytes } = shape;
    // One that is ready for less is soon ready for more; to make one takes longer.
    const spare = this.#touch(shape).pop() ?? this.#blank.get(keyOf({ memoryBytes }))?.isolates.pop();
    this.#planRefill();
    if (spare !== undefined) return { isolate: spare, pooled: true };
    return { isolate: this.create(shape), pooled: false };
  }

  /** Makes the code cache of the prelude anew, with what `isolate` has used of it. */
  learnFrom(isolate: GuestIsolate): void {
    isolate.teach(this.#prelude);
  }

  create({ memoryBytes, readiness = 'messages' }: IsolateShape): GuestIsolate {
    const prelude = this.#prelude;
    return new GuestIsolate({
      prelude,
      memoryBytes,
      guard: this.#guard,
      inspectable: this.#inspectable,
      readiness,
    });
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
    for (const blanks of this.#blank.values()) {
      if (blanks.isolates.length >= this.#spares) continue;
      const startedMs = performance.now();
      blanks.isolates.push(this.create(blanks));
      this.#refills += 1;
      this.#refillMs += performance.now() - startedMs;
      this.#planRefill();
      return;
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const blanks of [...this.#blank.values()]) this.forget(blanks);
  }
}

function keyOf({ memoryBytes, readiness = 'messages' }: IsolateShape): string {
  return `${readiness} ${memoryBytes}`;
}
