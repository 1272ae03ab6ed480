import ivm from 'isolated-vm';
import { HairspringError } from '../../core/index.ts';
import type { EntryGuard } from '../watchdog/entry-guard.ts';
import type { EncodedBatch, Extra } from '../wire/batch.ts';
import { armedTimers } from './armed-timers.ts';
import { type CodeCache, produceCodeCache } from './code-cache.ts';
import { openDoor } from './door.ts';
import type { PreludeCode } from './prelude-code.ts';

/** The doors of guest/dispatcher.js. */
const ENTER_BATCH = 0;
const ENTER_LOAD = 1;
const ENTER_COLLECT = 2;
const ENTER_REHEARSE = 3;
const ENTER_LOAD_MODULE = 4;

/** How long the top level of a module may run. */
const LOAD_LIMIT_MS = 250;
/** Text and bytes that one entry may hand out; a function that passes it is ended. */
const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;
/** Longest text taken from what the guest threw; it may throw megabytes, and replies and logs carry it. */
const MAX_ERROR_CHARS = 2_048;
/** Longest list of handler names taken, as JSON. */
const MAX_HANDLERS_CHARS = 64 * 1024;

export interface GuestOutput {
  readonly json: string;
  readonly extras: readonly Extra[];
}

/** Why an entry did not end well. After anything but `cpu` the isolate is gone. */
export type EntryFault =
  | { readonly kind: 'cpu'; readonly invocationId: number }
  | { readonly kind: 'memory' }
  | { readonly kind: 'output' }
  | { readonly kind: 'broken'; readonly message: string };

export interface EntryOutcome {
  readonly outputs: readonly GuestOutput[];
  /** Records of the batch that were begun; the rest must be given again. */
  readonly taken: number;
  readonly fault: EntryFault | undefined;
  /** A promise that was rejected and that nobody handled; the isolate is none the worse for it. */
  readonly unhandled: string | undefined;
}

export interface LoadSpec {
  readonly name: string;
  readonly namespace: string;
  readonly triggers: readonly {
    readonly captures: readonly { readonly index: number; readonly name: string; readonly rest: boolean }[];
  }[];
  readonly environment: Readonly<Record<string, string>>;
  /** Service name by label. */
  readonly bindings: Readonly<Record<string, string>>;
  /** After so long within a batch the guest gives the rest back. */
  readonly budgetMs: number;
}

const NO_COPY = { arguments: { copy: true } } as const;

/**
 * One isolate with its context and the prelude run, entered only by `applySync` from the cell's main
 * thread. Nothing but strings and byte copies crosses; the guest holds no handle of isolated-vm.
 */
export class GuestIsolate {
  readonly memoryBytes: number;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #guard: EntryGuard;
  readonly #marks: Int32Array;
  readonly #enter: ivm.Reference;
  #outputs: GuestOutput[] = [];
  #outputBytes = 0;
  #malformed = false;
  #enteredMs = 0;
  #limitMs = 0;

  constructor(prelude: PreludeCode, memoryBytes: number, guard: EntryGuard) {
    this.memoryBytes = memoryBytes;
    this.#guard = guard;
    this.#isolate = new ivm.Isolate({ memoryLimit: Math.max(8, Math.round(memoryBytes / 1024 ** 2)) });
    this.#context = this.#isolate.createContextSync();
    const script = prelude.compile(this.#isolate);
    const setup = script.runSync(this.#context, { reference: true }) as ivm.Reference;
    const shared = new SharedArrayBuffer(12);
    this.#marks = new Int32Array(shared);
    const marks = this.#sharedMarks(shared);
    const send = new ivm.Callback((json: unknown, ...extras: unknown[]) => this.#receive(json, extras));
    this.#enter = setup.applySync(undefined, [send, marks.derefInto(), new ivm.Callback(openDoor)], {
      result: { reference: true },
    }) as ivm.Reference;
    marks.release();
    setup.release();
    script.release();
    this.#enter.applySync(undefined, [ENTER_REHEARSE, '']);
    this.#outputs = [];
    this.#outputBytes = 0;
    prelude.learn(this.#isolate);
  }

  #sharedMarks(shared: SharedArrayBuffer): ivm.Reference {
    const wrap = this.#context.evalSync('(buffer) => new Int32Array(buffer)', {
      reference: true,
    }) as ivm.Reference;
    const result = wrap.applySync(undefined, [new ivm.ExternalCopy(shared).copyInto()], {
      result: { reference: true },
    });
    wrap.release();
    return result as ivm.Reference;
  }

  /** Never throws: the guest would see the error. */
  #receive(json: unknown, extras: readonly unknown[]): void {
    if (typeof json !== 'string' || !extras.every(isExtra)) {
      this.#malformed = true;
      return;
    }
    this.#outputBytes += json.length;
    for (const extra of extras)
      this.#outputBytes += typeof extra === 'string' ? extra.length : extra.byteLength;
    if (this.#outputBytes <= MAX_OUTPUT_BYTES) this.#outputs.push({ json, extras });
  }

  #begin(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#enteredMs = performance.now();
    this.#guard.begin(limitMs);
  }

  get disposed(): boolean {
    return this.#isolate.isDisposed;
  }

  /** Bytes of V8 heap in use; 0 once disposed. */
  heapBytes(): number {
    return this.#isolate.isDisposed ? 0 : this.#isolate.getHeapStatisticsSync().used_heap_size;
  }

  /** Heap in use, and all that the isolate takes of the process, as far as V8 knows; zeros once disposed. */
  memoryUse(): { readonly heapBytes: number; readonly totalBytes: number } {
    if (this.#isolate.isDisposed) return { heapBytes: 0, totalBytes: 0 };
    const heap = this.#isolate.getHeapStatisticsSync();
    return {
      heapBytes: heap.used_heap_size,
      totalBytes: heap.total_heap_size + heap.externally_allocated_size,
    };
  }

  /**
   * Runs the function's script and prepares `env`.
   * @param cache of `code`; without one, or with one of another V8, the code is compiled anew
   * @returns the names of the handlers it exports
   * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
   */
  load(code: string, filename: string, spec: LoadSpec, cache?: CodeCache): readonly string[] {
    return this.#load(spec, (limitMs) => {
      const script = this.#isolate.compileScriptSync(code, withCache(filename, cache));
      if (cache !== undefined && isRejected(script)) cache.rejected = true;
      script.runSync(this.#context, { timeout: limitMs });
      script.release();
      return this.#enter.applySync(undefined, [ENTER_LOAD, JSON.stringify(spec)], { timeout: limitMs });
    });
  }

  /**
   * Takes a compiled WebAssembly module as the function.
   * @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY
   */
  loadModule(module: WebAssembly.Module, spec: LoadSpec & { readonly module: object }): readonly string[] {
    return this.#load(spec, (limitMs) =>
      this.#enter.applySync(undefined, [ENTER_LOAD_MODULE, JSON.stringify(spec), module], {
        arguments: { copy: true },
        timeout: limitMs,
      }),
    );
  }

  #load(spec: LoadSpec, enter: (limitMs: number) => unknown): readonly string[] {
    const limitMs = this.#guard.stretch(LOAD_LIMIT_MS);
    this.#begin(limitMs);
    try {
      return parseHandlers(enter(limitMs));
    } catch (error) {
      const fault = this.#faultOf(error);
      if (fault.kind === 'memory')
        throw new HairspringError(
          'HS_FUNCTION_MEMORY',
          `Cannot load ${spec.name}: its module passed the memory limit of ${this.memoryBytes} bytes`,
          { cause: error },
        );
      const detail =
        fault.kind === 'cpu' ? `its top level ran longer than ${LOAD_LIMIT_MS} ms` : describe(error);
      throw new HairspringError('HS_FUNCTION_LOAD', `Cannot load ${spec.name}: ${detail}`, { cause: error });
    } finally {
      this.#guard.end();
    }
  }

  /**
   * V8's code cache of the script that was loaded last, with what it has compiled of it since.
   * @returns undefined when V8 makes none
   */
  codeCache(source: string, filename: string): Uint8Array | undefined {
    this.#begin(this.#guard.stretch(LOAD_LIMIT_MS));
    try {
      const made = produceCodeCache(this.#isolate, source, filename);
      return made === undefined ? undefined : new Uint8Array(made.copy({ release: true }));
    } catch {
      return undefined; // It ran out of memory: the function works without.
    } finally {
      this.#guard.end();
    }
  }

  /** Gives the guest a batch; returns when its microtasks have run dry, it gave the rest back, or a limit ended it. */
  run(batch: EncodedBatch, cpuMs: number): EntryOutcome {
    return this.#entry([ENTER_BATCH, batch.json, ...batch.extras], cpuMs);
  }

  /** Takes what an interrupted entry had ready. */
  collect(cpuMs: number): EntryOutcome {
    return this.#entry([ENTER_COLLECT, ''], cpuMs);
  }

  #entry(args: (string | number | ArrayBuffer)[], cpuMs: number): EntryOutcome {
    const limitMs = this.#guard.stretch(cpuMs);
    let fault: EntryFault | undefined;
    let unhandled: string | undefined;
    this.#marks[1] = 0;
    this.#marks[2] = 0;
    this.#begin(limitMs);
    // Without a time-out of its own an entry that overruns is the watchdog's: it costs the cell.
    const timeout = armedTimers.arm(limitMs, this.#enteredMs) ? limitMs : 0;
    try {
      if (args.length > 2) this.#enter.applySync(undefined, args, { ...NO_COPY, timeout });
      else this.#enter.applySync(undefined, args, { timeout });
    } catch (error) {
      fault = this.#faultOf(error);
      // isolated-vm throws what nobody caught in a promise, after the batch has run to its end.
      if (fault.kind === 'broken' && this.#marks[2] === 1) {
        unhandled = fault.message;
        fault = undefined;
      }
    } finally {
      this.#guard.end();
    }
    if (this.#outputBytes > MAX_OUTPUT_BYTES) fault = { kind: 'output' };
    if (this.#malformed)
      fault = { kind: 'broken', message: 'it sent something that is neither text nor bytes' };
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#outputBytes = 0;
    return { outputs, taken: this.#marks[1] ?? 0, fault, unhandled };
  }

  #faultOf(error: unknown): EntryFault {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#isolate.isDisposed) return { kind: 'memory' };
    // The guest may throw an error with the same words, but not after the time is up.
    if (message === 'Script execution timed out.' && performance.now() - this.#enteredMs >= this.#limitMs)
      return { kind: 'cpu', invocationId: this.#marks[0] ?? 0 };
    return { kind: 'broken', message: message.slice(0, MAX_ERROR_CHARS) };
  }

  [Symbol.dispose](): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }
}

function isExtra(value: unknown): value is Extra {
  return typeof value === 'string' || value instanceof ArrayBuffer;
}

/** @throws SyntaxError when the guest's runtime did not answer with a list of names */
function parseHandlers(found: unknown): readonly string[] {
  if (typeof found === 'string' && found.length <= MAX_HANDLERS_CHARS) {
    const names: unknown = JSON.parse(found);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  }
  throw new SyntaxError('it patched what the runtime works with');
}

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
  return text.slice(0, MAX_ERROR_CHARS);
}

function isRejected(script: ivm.Script): boolean {
  return (script as ivm.Script & { readonly cachedDataRejected?: boolean }).cachedDataRejected === true;
}

function withCache(filename: string, cache: CodeCache | undefined): ivm.ScriptInfo {
  return cache === undefined || cache.rejected ? { filename } : { filename, cachedData: cache.copy };
}
