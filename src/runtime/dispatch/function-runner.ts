import {
  type Clock,
  type ColdReason,
  type FunctionSpec,
  type FunctionStats,
  HairspringError,
  type Invocation,
  type PreparedBinding,
} from '../../core/index.ts';
import type { CodeCache } from '../isolate/code-cache.ts';
import type { EntryFault } from '../isolate/guest-isolate.ts';
import type { IsolatePool } from '../isolate/isolate-pool.ts';
import type { EntryJournal, RuntimeObserver } from '../observer.ts';
import { Admission } from './admission.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeadlineSweeper, Sweepable } from './deadline-sweeper.ts';
import type { Flight } from './flight.ts';
import type { Instance, InstanceOwner } from './instance.ts';
import { cpuExceeded, isolateLost, timedOut } from './limit-errors.ts';
import { RunnerCounters } from './runner-counters.ts';
import type { Runnable, Scheduler } from './scheduler.ts';
import { type FunctionCode, wakeInstance } from './wake-instance.ts';
import { WEAR_LIMITS, Wear, type WearLimits } from './wear.ts';

/** Making the cache of a longer script takes the thread for more than a few milliseconds. */
const MAX_LEARNED_CHARS = 128 * 1024;

export interface RunnerDependencies {
  readonly pool: IsolatePool;
  readonly scheduler: Scheduler;
  readonly sweeper: DeadlineSweeper;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly observer: RuntimeObserver;
  /** Of the messages of all functions in the cell. */
  readonly backlog: ByteBudget;
  /** The function's script or module. @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_WASM_INVALID */
  readonly readCode: (spec: FunctionSpec) => FunctionCode;
  /** V8's code cache of that script, where there is one. @default none */
  readonly readCache?: (spec: FunctionSpec) => CodeCache | undefined;
  /** Takes the code cache that V8 makes here of a script that had none. @default none is made */
  readonly keepCache?: (spec: FunctionSpec, bytes: Uint8Array) => void;
  /** @default WEAR_LIMITS */
  readonly wear?: WearLimits;
  /** An error's stack as its author wants to read it. */
  readonly mapStack: (spec: FunctionSpec, stack: string) => string;
}

/** One version of one function in a cell: accepts invocations, wakes an instance, and keeps the limits. */
export class FunctionRunner implements Runnable, Sweepable {
  readonly spec: FunctionSpec;
  readonly #bindings: ReadonlyMap<string, PreparedBinding>;
  readonly #dependencies: RunnerDependencies;
  readonly #admission: Admission;
  #instance: Instance | undefined;
  #wear: Wear | undefined;
  /** Why the next instance is made. */
  #coldReason: ColdReason;
  /** The instance was made without a code cache. */
  #isUncached = false;
  /** It could not be made ahead: the next call tells why. */
  #prewarmFailed = false;
  /** Interrupted and worn out instances that still hold invocations. */
  readonly #retired = new Set<Instance>();
  #lastUsedMs = 0;
  #onIdle: (() => void)[] = [];
  readonly #counters = new RunnerCounters();
  #disposed = false;

  constructor(
    spec: FunctionSpec,
    bindings: ReadonlyMap<string, PreparedBinding>,
    dependencies: RunnerDependencies,
    coldReason: ColdReason = 'first',
  ) {
    this.#coldReason = coldReason;
    this.spec = spec;
    this.#bindings = bindings;
    this.#dependencies = dependencies;
    this.#admission = new Admission(spec, dependencies.backlog);
  }

  get warm(): boolean {
    return this.#instance !== undefined;
  }

  /** Memory of the instance, when it was measured last. */
  get warmBytes(): number {
    return this.#instance === undefined ? 0 : (this.#wear?.bytes ?? 0);
  }

  /** Accepted and not finished. */
  get inFlight(): number {
    return this.#admission.running + this.#admission.queued;
  }

  get lastUsedMs(): number {
    return this.#lastUsedMs;
  }

  /** Takes an invocation, or fails it at once when it is too large or the queue is full. */
  accept(invocation: Invocation): void {
    const { clock, scheduler, sweeper } = this.#dependencies;
    const refusal = this.#admission.accept(invocation, clock.monotonicMs());
    if (refusal !== undefined) {
      invocation.fail(refusal);
      return;
    }
    scheduler.mark(this);
    sweeper.watch(this);
  }

  runOnce(): boolean {
    if (this.#disposed) return false;
    for (const retired of this.#retired) if (retired.hasWork) this.#enter(retired);
    this.#admit();
    if (this.#instance === undefined && this.#keepsWarm) this.#prewarm();
    const instance = this.#instance;
    if (instance?.hasWork === true) this.#enter(instance);
    this.#settleIdle();
    return (
      this.#instance?.hasWork === true ||
      [...this.#retired].some((retired) => retired.hasWork) ||
      this.#admission.ready
    );
  }

  /** Moves invocations from the queue into the instance, which is made when there is none. */
  #admit(): void {
    for (let flight = this.#admission.next(); flight !== undefined; flight = this.#admission.next()) {
      this.#instance ??= this.#wake(flight);
      if (this.#instance === undefined) return;
      this.#admission.begin();
      this.#instance.invoke(flight);
    }
  }

  get #keepsWarm(): boolean {
    return this.spec.limits.minWarm > 0 && !this.#prewarmFailed && !this.#disposed;
  }

  /** Makes the instance of a function that has `limits.minWarm` before a message needs it. */
  prewarm(): void {
    if (this.#instance === undefined && this.#keepsWarm) this.#dependencies.scheduler.mark(this);
  }

  #prewarm(): void {
    try {
      this.#instance = this.#make();
      this.#counters.prewarmed += 1;
    } catch (error) {
      this.#prewarmFailed = true;
      const { message } = HairspringError.from(error);
      this.#dependencies.observer.onLog(this.spec, 'error', message);
    }
  }

  #wake(first: Flight): Instance | undefined {
    const { clock } = this.#dependencies;
    const startedMs = clock.monotonicMs();
    try {
      const instance = this.#make();
      first.coldMs = clock.monotonicMs() - startedMs;
      first.coldReason = this.#coldReason;
      this.#counters.woken(first.coldMs, this.#coldReason);
      this.#prewarmFailed = false;
      return instance;
    } catch (error) {
      this.#failAll(this.#admission.takeWaiting(), HairspringError.from(error));
      return undefined;
    }
  }

  /** @throws HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY, HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT */
  #make(): Instance {
    const { clock, journal, readCode, readCache, wear = WEAR_LIMITS } = this.#dependencies;
    const { spec } = this;
    journal.enter(spec.id, []);
    try {
      const code = readCode(spec);
      const cache = readCache?.(spec);
      const instance = wakeInstance({
        ...this.#dependencies,
        spec,
        bindings: this.#bindings,
        code,
        cache,
        owner: this.#owner,
      });
      this.#isUncached = cache?.rejected !== false;
      this.#wear = new Wear(wear, clock.monotonicMs(), spec.limits.memoryBytes);
      return instance;
    } finally {
      journal.leave();
    }
  }

  readonly #owner: InstanceOwner = {
    onWork: () => this.#dependencies.scheduler.mark(this),
    onReply: (flight, record) => {
      if (record.tails === 0) this.#admission.left(flight);
      flight.invocation.succeed(record);
      this.#finish(flight, 'ok', record.payload?.length ?? 0);
    },
    onError: (flight, error, { tails, stack }) => {
      if (tails === 0) this.#admission.left(flight);
      const { observer, mapStack } = this.#dependencies;
      observer.onLog(this.spec, 'error', stack === '' ? error.message : mapStack(this.spec, stack));
      flight.invocation.fail(error);
      this.#finish(flight, error.code, 0);
    },
    onTailsDone: (flight) => this.#admission.left(flight),
    onLog: (level, text) => this.#dependencies.observer.onLog(this.spec, level, text),
  };

  #finish(flight: Flight, status: 'ok' | HairspringError['code'], replyBytes: number): void {
    this.#lastUsedMs = this.#dependencies.clock.monotonicMs();
    const durationMs = this.#lastUsedMs - flight.acceptedMs;
    this.#counters.finished(status, durationMs);
    const { invocation, coldMs, coldReason } = flight;
    const finished = { invocation, status, durationMs, coldMs, coldReason, replyBytes };
    this.#dependencies.observer.onFinished(this.spec, finished);
  }

  #enter(instance: Instance): void {
    const fault = instance.runOnce();
    if (fault === undefined) {
      if (this.#retired.has(instance) && instance.flights.size === 0) this.#drop(instance);
      return;
    }
    if (fault.kind === 'cpu') this.#interrupted(instance, fault.invocationId);
    else this.#lost(instance, fault);
  }

  /** The instance overran its CPU limit: only the guilty invocation fails, and no new one comes in. */
  #interrupted(instance: Instance, guiltyId: number): void {
    this.#requeue(instance, 'interrupted');
    const guilty = instance.flights.get(guiltyId);
    if (guilty !== undefined) this.#end(instance, guilty, cpuExceeded(this.spec));
    if (instance.flights.size === 0) this.#drop(instance);
    else this.#retired.add(instance);
  }

  /** The isolate is gone, and with it every invocation that had begun. */
  #lost(instance: Instance, fault: Exclude<EntryFault, { kind: 'cpu' }>): void {
    this.#requeue(instance, 'crash');
    this.#failStarted(instance, isolateLost(this.spec, fault));
    this.#drop(instance);
  }

  #failStarted(instance: Instance, error: HairspringError): void {
    for (const flight of [...instance.flights.values()]) this.#end(instance, flight, error);
  }

  /** Ends an invocation whatever it still does: with `error`, or without a word when it has replied. */
  #end(instance: Instance, flight: Flight, error: HairspringError): void {
    instance.forget(flight);
    this.#admission.left(flight);
    if (flight.answered) return;
    flight.answered = true;
    this.#dependencies.observer.onLog(this.spec, 'error', error.message);
    flight.invocation.fail(error);
    this.#finish(flight, error.code, 0);
  }

  /** Puts invocations that had not begun back to the front of the queue, and closes the instance to new ones. */
  #requeue(instance: Instance, coldReason: ColdReason): void {
    this.#admission.giveBack(instance.takeUnstarted());
    if (this.#instance === instance) {
      this.#instance = undefined;
      this.#coldReason = coldReason;
    }
    if (this.#admission.queued > 0) this.#dependencies.scheduler.mark(this);
    else this.prewarm();
  }

  #drop(instance: Instance): void {
    this.#retired.delete(instance);
    if (this.#instance === instance) this.#instance = undefined;
    instance[Symbol.dispose]();
  }

  #failAll(flights: readonly Flight[], error: HairspringError): void {
    if (flights.length > 0) this.#dependencies.observer.onLog(this.spec, 'error', error.message);
    for (const flight of flights) {
      flight.invocation.fail(error);
      this.#finish(flight, error.code, 0);
    }
  }

  sweep(nowMs: number): void {
    const expired = this.#admission.expire(nowMs);
    if (expired.length > 0) this.#failAll(expired, timedOut(this.spec));
    for (const instance of this.#instance === undefined
      ? this.#retired
      : [this.#instance, ...this.#retired]) {
      for (const flight of instance.flights.values()) {
        if (flight.deadlineMs > nowMs) break;
        this.#end(instance, flight, timedOut(this.spec));
      }
      if (this.#retired.has(instance) && instance.flights.size === 0) this.#drop(instance);
    }
    this.#settleIdle();
  }

  /** Frees the instance when no invocation is in it and it need not be kept warm. @returns whether it is gone */
  evict(): boolean {
    if (this.#instance === undefined || this.#instance.flights.size > 0) return false;
    if (this.spec.limits.minWarm > 0) return false;
    this.#drop(this.#instance);
    this.#coldReason = 'evicted';
    return true;
  }

  /** Once in a while: measures the instance when it was used since, and replaces one that is worn out. */
  tend(nowMs: number): void {
    const instance = this.#instance;
    if (instance === undefined) return;
    if (this.#isUncached && instance.invoked > 0 && instance.flights.size === 0) this.#learnCode(instance);
    if (this.#wear?.isWorn(instance, nowMs) !== true) return;
    this.#requeue(instance, 'recycled');
    // What it has begun it finishes; what comes now goes to the next one.
    if (instance.flights.size === 0) this.#drop(instance);
    else this.#retired.add(instance);
  }

  /** Has V8 make the cache that a node lacks which has not deployed the function itself. */
  #learnCode(instance: Instance): void {
    const { journal, keepCache, readCode } = this.#dependencies;
    this.#isUncached = false;
    if (keepCache === undefined) return;
    journal.enter(this.spec.id, []);
    try {
      const code = readCode(this.spec);
      const isLearned = typeof code === 'string' && code.length <= MAX_LEARNED_CHARS;
      const bytes = isLearned ? instance.codeCache(code) : undefined;
      if (bytes !== undefined) keepCache(this.spec, bytes);
    } catch {
      // The artifact is gone, which whoever wakes the function the next time hears.
    } finally {
      journal.leave();
    }
  }

  /** Hands what has not begun to the version that takes this one's place; what has begun finishes here. */
  replaceWith(successor: FunctionRunner): void {
    const hadInstance = this.#counters.coldStarts + this.#counters.prewarmed > 0;
    successor.#coldReason = hadInstance ? 'version' : this.#coldReason;
    this.#admission.giveBack(this.#instance?.takeUnstarted() ?? []);
    for (const flight of this.#admission.takeWaiting()) successor.accept(flight.invocation);
    this.#settleIdle();
  }

  /** Resolves when all that was accepted is finished. */
  async idle(): Promise<void> {
    if (this.inFlight === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle.push(resolve);
    });
  }

  #settleIdle(): void {
    if (this.inFlight > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  stats(): FunctionStats {
    return {
      id: this.spec.id,
      state: this.warm ? 'warm' : 'idle',
      invocations: this.#counters.invocations,
      errors: this.#counters.errors,
      coldStarts: this.#counters.coldStarts,
      coldReasons: { ...this.#counters.coldReasons },
      prewarmed: this.#counters.prewarmed,
      inFlight: this.#admission.running,
      queued: this.#admission.queued,
      busyMs: this.#counters.busyMs,
      lastColdMs: this.#counters.lastColdMs,
      heapBytes: this.#instance?.heapBytes ?? 0,
    };
  }

  /** Ends the runner at once; whatever is still in it fails with `error`. */
  dispose(error: HairspringError): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#dependencies.scheduler.remove(this);
    this.#failAll(this.#admission.takeWaiting(), error);
    for (const instance of this.#instance === undefined
      ? [...this.#retired]
      : [this.#instance, ...this.#retired]) {
      this.#failStarted(instance, error);
      this.#drop(instance);
    }
    this.#settleIdle();
  }
}
