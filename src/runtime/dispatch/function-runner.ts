import {
  type Clock,
  type FunctionSpec,
  type FunctionStats,
  HairspringError,
  type Invocation,
  type PreparedBinding,
} from '../../core/index.ts';
import type { EntryFault } from '../isolate/guest-isolate.ts';
import type { IsolatePool } from '../isolate/isolate-pool.ts';
import type { EntryJournal, RuntimeObserver } from '../observer.ts';
import type { DeadlineSweeper, Sweepable } from './deadline-sweeper.ts';
import { Fifo, type Flight } from './flight.ts';
import { BATCH_BUDGET_MS, Instance } from './instance.ts';
import { cpuExceeded, isolateLost, overloaded, payloadTooLarge, timedOut } from './limit-errors.ts';
import { RunnerCounters } from './runner-counters.ts';
import type { Runnable, Scheduler } from './scheduler.ts';

export interface RunnerDependencies {
  readonly pool: IsolatePool;
  readonly scheduler: Scheduler;
  readonly sweeper: DeadlineSweeper;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly observer: RuntimeObserver;
  /** The function's script. @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT */
  readonly readCode: (spec: FunctionSpec) => string;
  /** An error's stack as its author wants to read it. */
  readonly mapStack: (spec: FunctionSpec, stack: string) => string;
}

/** The guest's marks hold ids as signed 32-bit numbers. */
const MAX_FLIGHT_ID = 2 ** 31 - 1;
let lastFlightId = 0;

/** One version of one function in a cell: accepts invocations, wakes an instance, and keeps the limits. */
export class FunctionRunner implements Runnable, Sweepable {
  readonly spec: FunctionSpec;
  readonly #bindings: ReadonlyMap<string, PreparedBinding>;
  readonly #dependencies: RunnerDependencies;
  readonly #waiting = new Fifo<Flight>();
  #instance: Instance | undefined;
  /** Interrupted instances that still hold invocations. */
  readonly #retired = new Set<Instance>();
  #running = 0;
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
  }

  get warm(): boolean {
    return this.#instance !== undefined;
  }

  /** Accepted and not finished. */
  get inFlight(): number {
    return this.#running + this.#waiting.length;
  }

  get lastUsedMs(): number {
    return this.#lastUsedMs;
  }

  /** Takes an invocation, or fails it at once when it is too large or the queue is full. */
  accept(invocation: Invocation): void {
    const { limits } = this.spec;
    if (invocation.data.length > limits.payloadBytes) {
      invocation.fail(payloadTooLarge(this.spec, invocation.data.length));
      return;
    }
    // Both together: within one socket read everything waits and nothing runs yet.
    if (this.inFlight >= limits.concurrency + limits.queue) {
      invocation.fail(overloaded(this.spec));
      return;
    }
    const { clock, scheduler, sweeper } = this.#dependencies;
    const acceptedMs = clock.monotonicMs();
    lastFlightId = lastFlightId === MAX_FLIGHT_ID ? 1 : lastFlightId + 1;
    this.#waiting.push({
      id: lastFlightId,
      invocation,
      acceptedMs,
      deadlineMs: acceptedMs + limits.timeoutMs,
      answered: false,
      pendingCalls: 0,
      coldMs: undefined,
    });
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
      (this.#waiting.length > 0 && this.#running < this.spec.limits.concurrency)
    );
  }

  /** Moves invocations from the queue into the instance, which is made when there is none. */
  #admit(): void {
    while (this.#running < this.spec.limits.concurrency) {
      const flight = this.#waiting.peek();
      if (flight === undefined) return;
      if (this.#instance === undefined && !this.#wake(flight)) return;
      this.#waiting.shift();
      this.#running += 1;
      this.#instance?.invoke(flight);
    }
  }

  #wake(first: Flight): boolean {
    const { pool, clock, journal, readCode } = this.#dependencies;
    const { spec } = this;
    const startedMs = clock.monotonicMs();
    journal.enter(spec.id, []);
    try {
      const code = readCode(spec);
      const { isolate } = pool.acquire(spec.limits.memoryBytes);
      try {
        isolate.load(code, `${spec.name}.js`, {
          name: spec.name,
          namespace: spec.namespace,
          triggers: spec.triggers,
          environment: spec.environment,
          bindings: Object.fromEntries(
            Object.entries(spec.bindings).map(([label, { service }]) => [label, service]),
          ),
          budgetMs: BATCH_BUDGET_MS,
        });
      } catch (error) {
        isolate[Symbol.dispose]();
        throw error;
      }
      this.#instance = new Instance({
        isolate,
        spec,
        bindings: this.#bindings,
        clock,
        journal,
        owner: this.#owner,
      });
    } catch (error) {
      this.#failAll(this.#takeWaiting(), HairspringError.from(error));
      return false;
    } finally {
      journal.leave();
    }
    first.coldMs = clock.monotonicMs() - startedMs;
    this.#counters.woken(first.coldMs);
    return true;
  }

  readonly #owner = {
    onWork: (): void => this.#dependencies.scheduler.mark(this),
    onReply: (
      flight: Flight,
      record: { tails: number; headers: readonly string[]; payload: string | Uint8Array | undefined },
    ): void => {
      if (record.tails === 0) this.#running -= 1;
      flight.invocation.succeed(record);
      this.#finish(flight, 'ok', record.payload?.length ?? 0);
    },
    onError: (flight: Flight, error: HairspringError, stack: string): void => {
      if (!this.#holds(flight)) this.#running -= 1;
      const { observer, mapStack } = this.#dependencies;
      observer.onLog(this.spec, 'error', stack === '' ? error.message : mapStack(this.spec, stack));
      flight.invocation.fail(error);
      this.#finish(flight, error.code, 0);
    },
    onTailsDone: (): void => {
      this.#running -= 1;
    },
    onLog: (level: string, text: string): void => this.#dependencies.observer.onLog(this.spec, level, text),
  };

  /** Whether the flight still occupies a place, for promises it gave to waitUntil. */
  #holds(flight: Flight): boolean {
    if (this.#instance?.flights.has(flight.id) === true) return true;
    for (const retired of this.#retired) if (retired.flights.has(flight.id)) return true;
    return false;
  }

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
    const guilty = instance.flights.get(guiltyId);
    this.#requeue(instance);
    if (guilty?.answered === true) {
      instance.forget(guilty);
      this.#running -= 1;
    } else if (guilty !== undefined) this.#failFlight(instance, guilty, cpuExceeded(this.spec));
    if (instance.flights.size === 0) this.#drop(instance);
    else this.#retired.add(instance);
  }

  /** The isolate is gone, and with it every invocation that had begun. */
  #lost(instance: Instance, fault: Exclude<EntryFault, { kind: 'cpu' }>): void {
    this.#requeue(instance);
    const error = isolateLost(this.spec, fault);
    for (const flight of [...instance.flights.values()]) {
      if (flight.answered) this.#running -= 1;
      else this.#failFlight(instance, flight, error);
    }
    this.#drop(instance);
  }

  #failFlight(instance: Instance, flight: Flight, error: HairspringError): void {
    flight.answered = true;
    instance.forget(flight);
    this.#running -= 1;
    this.#dependencies.observer.onLog(this.spec, 'error', error.message);
    flight.invocation.fail(error);
    this.#finish(flight, error.code, 0);
  }

  /** Puts invocations that had not begun back to the front of the queue, and closes the instance to new ones. */
  #requeue(instance: Instance): void {
    const unstarted = instance.takeUnstarted();
    this.#running -= unstarted.length;
    this.#waiting.unshift(unstarted);
    if (this.#instance === instance) this.#instance = undefined;
    if (this.#waiting.length > 0) this.#dependencies.scheduler.mark(this);
  }

  #drop(instance: Instance): void {
    this.#retired.delete(instance);
    if (this.#instance === instance) this.#instance = undefined;
    instance[Symbol.dispose]();
  }

  #takeWaiting(): Flight[] {
    const flights: Flight[] = [];
    for (let flight = this.#waiting.shift(); flight !== undefined; flight = this.#waiting.shift())
      flights.push(flight);
    return flights;
  }

  #failAll(flights: readonly Flight[], error: HairspringError): void {
    if (flights.length > 0) this.#dependencies.observer.onLog(this.spec, 'error', error.message);
    for (const flight of flights) {
      flight.invocation.fail(error);
      this.#finish(flight, error.code, 0);
    }
  }

  sweep(nowMs: number): void {
    const expired: Flight[] = [];
    for (
      let flight = this.#waiting.peek();
      flight !== undefined && flight.deadlineMs <= nowMs;
      flight = this.#waiting.peek()
    ) {
      this.#waiting.shift();
      expired.push(flight);
    }
    if (expired.length > 0) this.#failAll(expired, timedOut(this.spec));
    for (const instance of this.#instance === undefined
      ? this.#retired
      : [this.#instance, ...this.#retired]) {
      for (const flight of instance.flights.values()) {
        if (flight.deadlineMs > nowMs) break;
        if (flight.answered) {
          instance.forget(flight);
          this.#running -= 1;
        } else this.#failFlight(instance, flight, timedOut(this.spec));
      }
      if (this.#retired.has(instance) && instance.flights.size === 0) this.#drop(instance);
    }
    this.#settleIdle();
  }

  /** Frees the instance when nothing is in it. @returns whether it is gone */
  evict(): boolean {
    if (this.#instance === undefined || this.#instance.flights.size > 0 || this.#instance.hasWork)
      return false;
    this.#drop(this.#instance);
    return true;
  }

  /** Hands what has not begun to the version that takes this one's place; what has begun finishes here. */
  replaceWith(successor: FunctionRunner): void {
    const admitted = this.#instance?.takeUnstarted() ?? [];
    this.#running -= admitted.length;
    for (const flight of [...admitted, ...this.#takeWaiting()]) successor.accept(flight.invocation);
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
      inFlight: this.#running,
      queued: this.#waiting.length,
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
    this.#failAll(this.#takeWaiting(), error);
    for (const instance of this.#instance === undefined
      ? [...this.#retired]
      : [this.#instance, ...this.#retired]) {
      for (const flight of [...instance.flights.values()])
        if (!flight.answered) this.#failFlight(instance, flight, error);
      this.#drop(instance);
    }
    this.#settleIdle();
  }
}
