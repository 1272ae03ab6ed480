import {
  type Clock,
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
import { wakeInstance } from './wake-instance.ts';

export interface RunnerDependencies {
  readonly pool: IsolatePool;
  readonly scheduler: Scheduler;
  readonly sweeper: DeadlineSweeper;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly observer: RuntimeObserver;
  /** Of the messages of all functions in the cell. */
  readonly backlog: ByteBudget;
  /** The function's script. @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT */
  readonly readCode: (spec: FunctionSpec) => string;
  /** V8's code cache of that script, where there is one. @default none */
  readonly readCache?: (spec: FunctionSpec) => CodeCache | undefined;
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
  /** Interrupted instances that still hold invocations. */
  readonly #retired = new Set<Instance>();
  #lastUsedMs = 0;
  #onIdle: (() => void)[] = [];
  readonly #counters = new RunnerCounters();
  #disposed = false;

  constructor(
    spec: FunctionSpec,
    bindings: ReadonlyMap<string, PreparedBinding>,
    dependencies: RunnerDependencies,
  ) {
    this.spec = spec;
    this.#bindings = bindings;
    this.#dependencies = dependencies;
    this.#admission = new Admission(spec, dependencies.backlog);
  }

  get warm(): boolean {
    return this.#instance !== undefined;
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

  #wake(first: Flight): Instance | undefined {
    const { clock, journal, readCode, readCache } = this.#dependencies;
    const { spec } = this;
    const startedMs = clock.monotonicMs();
    journal.enter(spec.id, []);
    try {
      const instance = wakeInstance({
        ...this.#dependencies,
        spec,
        bindings: this.#bindings,
        code: readCode(spec),
        cache: readCache?.(spec),
        owner: this.#owner,
      });
      first.coldMs = clock.monotonicMs() - startedMs;
      this.#counters.woken(first.coldMs);
      return instance;
    } catch (error) {
      this.#failAll(this.#admission.takeWaiting(), HairspringError.from(error));
      return undefined;
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
    const { invocation, coldMs } = flight;
    this.#dependencies.observer.onFinished(this.spec, { invocation, status, durationMs, coldMs, replyBytes });
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
    this.#requeue(instance);
    const guilty = instance.flights.get(guiltyId);
    if (guilty !== undefined) this.#end(instance, guilty, cpuExceeded(this.spec));
    if (instance.flights.size === 0) this.#drop(instance);
    else this.#retired.add(instance);
  }

  /** The isolate is gone, and with it every invocation that had begun. */
  #lost(instance: Instance, fault: Exclude<EntryFault, { kind: 'cpu' }>): void {
    this.#requeue(instance);
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
  #requeue(instance: Instance): void {
    this.#admission.giveBack(instance.takeUnstarted());
    if (this.#instance === instance) this.#instance = undefined;
    if (this.#admission.queued > 0) this.#dependencies.scheduler.mark(this);
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

  /** Frees the instance when no invocation is in it. @returns whether it is gone */
  evict(): boolean {
    if (this.#instance === undefined || this.#instance.flights.size > 0) return false;
    this.#drop(this.#instance);
    return true;
  }

  /** Hands what has not begun to the version that takes this one's place; what has begun finishes here. */
  replaceWith(successor: FunctionRunner): void {
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
