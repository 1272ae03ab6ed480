import ivm from 'isolated-vm';
import type { HairspringError } from '../../core/index.ts';
import { type EntryGuard, INLINE_SLOT } from '../watchdog/entry-guard.ts';
import { toArguments } from '../wire/arguments.ts';
import type { EncodedBatch } from '../wire/batch.ts';
import { armedTimers } from './armed-timers.ts';
import { compileEagerly, produceCodeCache } from './code-cache.ts';
import { openDoor } from './door.ts';
import { EntryClock } from './entry-clock.ts';
import { EntryMarks } from './entry-marks.ts';
import type { EntryFault, EntryOutcome } from './entry-outcome.ts';
import { guestFrames } from './guest-frames.ts';
import {
  COPIED,
  type GuestCode,
  LOAD_LIMIT_MS,
  type LoadSpec,
  loadFailed,
  loadTooLarge,
  loadTooLong,
  MAX_ERROR_CHARS,
} from './guest-load.ts';
import { GuestOutputs } from './guest-outputs.ts';
import { type Inspector, openInspector } from './inspector.ts';
import { type LoadTarget, loadCode, loadCodeAway } from './load-code.ts';
import { type MemoryUse, toMemoryUse } from './memory-use.ts';
import type { SharedScript } from './shared-script.ts';
import { TakenFeatures } from './taken-features.ts';

/** The doors of guest/dispatcher.js. */
const ENTER_BATCH = 0;
const ENTER_COLLECT = 2;
const ENTER_REHEARSE = 3;
const ENTER_BATCH_TO_ANSWER = 5;

/** So long the look at the memory may hold a thread of the heavy lane; a collection takes much less. */
const LOOK_LIMIT_MS = 1_000;

/** What an entry threw, which may be `undefined`. */
interface EntryFailure {
  readonly error: unknown;
}

/** What a blank isolate has rehearsed: messages alone, or requests of HTTP as well, which take more of the web platform. */
export type Readiness = 'messages' | 'requests';

export interface IsolateOptions {
  readonly prelude: SharedScript;
  readonly memoryBytes: number;
  readonly guard: EntryGuard;
  /** Whether a debugger may attach. @default false */
  readonly inspectable?: boolean;
  /** @default 'messages' */
  readonly readiness?: Readiness;
}

/**
 * One isolate with its context and the prelude run. It is entered by `applySync` on the cell's main
 * thread, or by `apply` on a thread of isolated-vm's pool: by one of them at a time, since the main thread
 * would wait for the other. What the guest sends from there is received on the main thread before the
 * entry's promise resolves. Nothing but strings and byte copies crosses; the guest holds no handle of
 * isolated-vm.
 */
export class GuestIsolate {
  readonly memoryBytes: number;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #guard: EntryGuard;
  readonly #marks = new EntryMarks();
  readonly #enter: ivm.Reference;
  readonly #outputs = new GuestOutputs();
  readonly #clock: EntryClock;
  #memoryUse: MemoryUse = { heapBytes: 0, totalBytes: 0 };
  /** A pool thread is inside, or about to be. */
  #away = false;
  /** The last entry was a pool thread's, which V8's own tasks may keep inside for longer than the entry. */
  #leftAway = false;
  readonly #features = new TakenFeatures();
  /** Undefined where no debugger may attach. */
  readonly #inspector: Inspector | undefined;

  constructor({ prelude, memoryBytes, guard, inspectable = false, readiness = 'messages' }: IsolateOptions) {
    this.memoryBytes = memoryBytes;
    this.#guard = guard;
    this.#clock = new EntryClock(guard);
    const memoryLimit = Math.max(8, Math.round(memoryBytes / 1024 ** 2));
    this.#isolate = new ivm.Isolate({ memoryLimit, inspector: inspectable });
    this.#context = this.#isolate.createContextSync({ inspector: inspectable });
    this.#inspector = inspectable ? openInspector(this.#isolate, this.#context) : undefined;
    const script = this.#isolate.compileScriptSync(prelude.source, prelude.info);
    const setup = script.runSync(this.#context, { reference: true }) as ivm.Reference;
    const marks = this.#marks.shareWith(this.#context);
    const send = new ivm.Callback((json: unknown, ...extras: unknown[]) => {
      this.#outputs.receive(json, extras);
      return this.#clock.isOverLimit() ? null : undefined;
    });
    const door = new ivm.Callback((op: unknown, first: unknown, second: unknown, third: unknown) =>
      this.#clock.isOverLimit()
        ? null
        : op === 'feature'
          ? this.#features.take(this.#isolate, this.#context, first, this.#away)
          : openDoor(op, first, second, third),
    );
    this.#enter = setup.applySync(undefined, [send, marks.derefInto(), door], {
      result: { reference: true },
    }) as ivm.Reference;
    marks.release();
    setup.release();
    script.release();
    this.#enter.applySync(undefined, [ENTER_REHEARSE, readiness]);
    this.#outputs.take();
    prelude.learn(this.#isolate);
    this.#features.learn(this.#isolate);
  }

  /** As {@link Inspector.inspect}; undefined where no debugger may attach. */
  inspect(listen: (message: string) => void): ((message: string) => void) | undefined {
    return this.#inspector?.inspect(listen);
  }

  get disposed(): boolean {
    return this.#isolate.isDisposed;
  }

  /** As {@link EntryMarks.taken}. */
  get taken(): number {
    return this.#marks.taken;
  }

  /** As {@link EntryMarks.lostBytes}. */
  get lostBytes(): number {
    return this.#marks.lostBytes;
  }

  /** Wall-clock time that the last entry took. */
  get lastEntryMs(): number {
    return this.#clock.lastEntryMs;
  }

  /**
   * Heap in use, and all that the isolate takes of the process, as far as V8 knows; zeros once disposed. After
   * an entry on a pool thread it is what {@link measureAway} saw last: the main thread would wait for the
   * collections that V8 has put off until then.
   */
  memoryUse(): MemoryUse {
    if (this.#isolate.isDisposed) return { heapBytes: 0, totalBytes: 0 };
    if (!this.#leftAway) this.#memoryUse = toMemoryUse(this.#isolate.getHeapStatisticsSync());
    return this.#memoryUse;
  }

  /**
   * Looks at the memory from a pool thread, after an entry there.
   * @returns what went wrong: V8's own tasks come first, and they held the thread for too long
   */
  async measureAway(slot: number): Promise<EntryFault | undefined> {
    const limitMs = this.#guard.stretch(LOOK_LIMIT_MS, slot);
    let fault: EntryFault | undefined;
    const stop = setTimeout(() => {
      fault = { kind: 'overrun' };
      this[Symbol.dispose]();
    }, limitMs);
    this.#away = true;
    this.#guard.begin(limitMs, slot);
    try {
      this.#memoryUse = toMemoryUse(await this.#isolate.getHeapStatistics());
    } catch {
      // Disposed of meanwhile.
    } finally {
      clearTimeout(stop);
      this.#away = false;
      this.#guard.end(slot);
    }
    return fault;
  }

  /**
   * Runs the function's script and prepares `env`.
   * @returns the names of the handlers it exports
   * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
   */
  load(code: GuestCode, spec: LoadSpec): readonly string[] {
    const handlers = this.loadWithin(LOAD_LIMIT_MS, code, spec);
    if (handlers === undefined) throw loadTooLong(spec.name);
    return handlers;
  }

  /**
   * As {@link load}, for `cpuMs` at the most.
   * @returns undefined when that was not enough; then the isolate is of no use any more
   */
  loadWithin(cpuMs: number, code: GuestCode, spec: LoadSpec): readonly string[] | undefined {
    const timeout = this.#guard.stretch(cpuMs);
    this.#clock.begin(timeout, INLINE_SLOT);
    try {
      return loadCode(this.#target, code, spec, timeout);
    } catch (error) {
      if (this.#faultOf(error).kind === 'cpu') return undefined;
      throw this.#loadError(spec, error);
    } finally {
      this.#clock.end(INLINE_SLOT);
    }
  }

  /** Before a short script is loaded of which a code cache will be made: as {@link compileEagerly}. */
  compileEagerly(source: string, filename: string): void {
    this.#compile(() => compileEagerly(this.#isolate, source, filename));
  }

  /** Has V8 work in it on this thread, of which the watchdog is told. */
  #compile<Result>(action: () => Result): Result {
    this.#clock.begin(this.#guard.stretch(LOAD_LIMIT_MS), INLINE_SLOT);
    try {
      return action();
    } finally {
      this.#clock.end(INLINE_SLOT);
    }
  }

  /**
   * V8's code cache of the script that was loaded last, with what it has compiled of it since.
   * @returns undefined when V8 makes none, or a pool thread is inside
   */
  codeCache(source: string, filename: string): Uint8Array | undefined {
    if (this.#away) return undefined;
    try {
      const made = this.#compile(() => produceCodeCache(this.#isolate, source, filename));
      return made === undefined ? undefined : new Uint8Array(made.copy({ release: true }));
    } catch {
      return undefined; // It ran out of memory: the function works without.
    }
  }

  /** As {@link TakenFeatures.hasUnlearned}. */
  get hasUnlearned(): boolean {
    return this.#features.hasUnlearned;
  }

  /** Has what it has compiled of the features that it has taken compiled in all isolates to come. */
  teachFeatures(): void {
    for (const script of this.#features.drain()) this.teach(script);
  }

  /** Has what it has compiled of a script of the runtime's compiled in all isolates to come. */
  teach(script: SharedScript): void {
    if (this.#away || script.isThorough) return;
    try {
      this.#compile(() => script.learnAll(this.#isolate));
    } catch {
      // It ran out of memory: the others compile it themselves.
    }
  }

  /** As {@link load}, on a pool thread. Resolves with the names of the handlers. */
  async loadAway(slot: number, code: GuestCode, spec: LoadSpec): Promise<readonly string[]> {
    const timeout = this.#guard.stretch(LOAD_LIMIT_MS, slot);
    this.#away = true;
    this.#leftAway = true;
    this.#clock.begin(timeout, slot);
    try {
      return await loadCodeAway(this.#target, code, spec, timeout);
    } catch (error) {
      if (this.#faultOf(error).kind === 'cpu') throw loadTooLong(spec.name);
      throw this.#loadError(spec, error);
    } finally {
      this.#away = false;
      this.#clock.end(slot);
    }
  }

  get #target(): LoadTarget {
    return { isolate: this.#isolate, context: this.#context, enter: this.#enter };
  }

  #loadError({ name }: LoadSpec, cause: unknown): HairspringError {
    return this.#faultOf(cause).kind === 'memory'
      ? loadTooLarge(name, this.memoryBytes, cause)
      : loadFailed(name, cause);
  }

  /** Gives the guest a batch; returns when its microtasks have run dry, it gave the rest back, or a limit ended it. */
  run(batch: EncodedBatch, cpuMs: number): EntryOutcome {
    return this.#entry([ENTER_BATCH, ...toArguments(batch)], cpuMs);
  }

  /**
   * As {@link run}, on a pool thread. Never rejects.
   * @param endsAtAnswer whether it returns with the first reply or error, and gives the rest back
   */
  async runAway(
    slot: number,
    batch: EncodedBatch,
    cpuMs: number,
    endsAtAnswer: boolean = false,
  ): Promise<EntryOutcome> {
    const kind = endsAtAnswer ? ENTER_BATCH_TO_ANSWER : ENTER_BATCH;
    return await this.#entryAway(slot, [kind, ...toArguments(batch)], cpuMs);
  }

  /** Takes what an interrupted entry had ready, on a pool thread. Never rejects. */
  async collectAway(slot: number, cpuMs: number): Promise<EntryOutcome> {
    return await this.#entryAway(slot, [ENTER_COLLECT, ''], cpuMs);
  }

  #entry(args: (string | number | ArrayBuffer)[], cpuMs: number): EntryOutcome {
    const timeout = this.#guard.stretch(cpuMs);
    let failure: EntryFailure | undefined;
    this.#marks.begin();
    this.#leftAway = false;
    this.#clock.begin(timeout, INLINE_SLOT);
    // Without a time-out of its own an entry that overruns is the watchdog's: it costs the cell.
    const armed = armedTimers.arm(cpuMs, timeout, this.#clock.enteredMs) ? timeout : 0;
    try {
      this.#enter.applySync(undefined, args, { ...COPIED, timeout: armed });
    } catch (error) {
      failure = { error };
    } finally {
      this.#clock.end(INLINE_SLOT);
    }
    return this.#outcome(failure);
  }

  async #entryAway(
    slot: number,
    args: (string | number | ArrayBuffer)[],
    cpuMs: number,
  ): Promise<EntryOutcome> {
    const timeout = this.#guard.stretch(cpuMs, slot);
    let failure: EntryFailure | undefined;
    this.#marks.begin();
    this.#away = true;
    this.#leftAway = true;
    this.#clock.begin(timeout, slot);
    let overran = false;
    let stop: NodeJS.Timeout | undefined;
    try {
      const armed = armedTimers.arm(cpuMs, timeout, this.#clock.enteredMs) ? timeout : 0;
      // A timer of our own, which goes with the entry.
      if (armed === 0) {
        stop = setTimeout(() => {
          overran = true;
          this[Symbol.dispose]();
        }, timeout);
      }
      await this.#enter.apply(undefined, args, { ...COPIED, timeout: armed });
    } catch (error) {
      failure = { error };
    } finally {
      clearTimeout(stop);
      this.#away = false;
      this.#clock.end(slot);
    }
    const outcome = this.#outcome(failure);
    return overran ? { ...outcome, fault: { kind: 'overrun' } } : outcome;
  }

  #outcome(failure: EntryFailure | undefined): EntryOutcome {
    let fault: EntryFault | undefined;
    let unhandled: string | undefined;
    if (failure !== undefined) {
      fault = this.#faultOf(failure.error);
      // isolated-vm throws what nobody caught in a promise, after the batch has run to its end.
      if (fault.kind === 'broken' && this.#marks.isDone) {
        unhandled = fault.message + guestFrames(failure.error);
        fault = undefined;
      }
      // There was no memory for a copy of what the guest was to be given.
      if (this.#marks.taken === 0 && failure.error instanceof RangeError) fault = { kind: 'memory' };
    }
    if (this.#outputs.flooded) fault = { kind: 'output' };
    if (this.#outputs.malformed)
      fault = { kind: 'broken', message: 'it sent something that is neither text nor bytes' };
    return { outputs: this.#outputs.take(), taken: this.#marks.taken, fault, unhandled };
  }

  #faultOf(error: unknown): EntryFault {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#isolate.isDisposed) return { kind: 'memory' };
    // The guest may throw an error with the same words, but not after the time is up.
    if (message === 'Script execution timed out.' && this.#clock.isUp)
      return { kind: 'cpu', invocationId: this.#marks.invocationId };
    return { kind: 'broken', message: message.slice(0, MAX_ERROR_CHARS) };
  }

  [Symbol.dispose](): void {
    if (this.#isolate.isDisposed) return;
    this.#inspector?.[Symbol.dispose]();
    this.#isolate.dispose();
  }
}
