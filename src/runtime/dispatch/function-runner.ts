import {
  type ColdReason,
  type FunctionSpec,
  type FunctionStats,
  type HairspringError,
  HOST_LIMITS,
  type Invocation,
  type PreparedBinding,
} from '../../core/index.ts';
import { Admission } from './admission.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeadlineSweeper, Sweepable } from './deadline-sweeper.ts';
import type { DebuggerLink } from './debugger-link.ts';
import { Entrance } from './entrance.ts';
import { type Flight, INVOCATION_ID_PREFIX } from './flight.ts';
import { FunctionInstances } from './function-instances.ts';
import { placeInNext } from './hand-over.ts';
import type { Instance, InstanceFault, InstanceOwner } from './instance.ts';
import type { CodeLearner } from './learn-code.ts';
import {
  cancelled,
  cpuExceeded,
  isolateLost,
  starved,
  stopping,
  tailTooLong,
  timedOut,
  tooManyRetired,
} from './limit-errors.ts';
import { Outcomes, type OutcomeTellers } from './outcomes.ts';
import { MAX_RETIRED } from './retired-instances.ts';
import type { Runnable, Scheduler } from './scheduler.ts';
import { type WakeListener, Waker, type WakerDependencies } from './waker.ts';
import type { WearLimits } from './wear.ts';

export interface RunnerDependencies extends WakerDependencies, CodeLearner, OutcomeTellers {
  readonly scheduler: Scheduler;
  readonly sweeper: DeadlineSweeper;
  /** Of the messages of all functions in the cell. */
  readonly backlog: ByteBudget;
  /** @default WEAR_LIMITS */
  readonly wear?: WearLimits;
  /** Told of each instance that is made. */
  readonly onWoken?: (runner: FunctionRunner) => void;
}

/** One version of one function in a cell: accepts invocations, wakes an instance, and keeps the limits. */
export class FunctionRunner implements Runnable, Sweepable {
  readonly spec: FunctionSpec;
  heldMs = 0;
  readonly #dependencies: RunnerDependencies;
  readonly #admission: Admission;
  readonly #waker: Waker;
  readonly #entrance: Entrance;
  readonly #instances: FunctionInstances;
  /** It could not be made ahead: the next call tells why. */
  #prewarmFailed = false;
  #onIdle: (() => void)[] = [];
  readonly #outcomes: Outcomes;
  #disposed = false;

  constructor(
    spec: FunctionSpec,
    bindings: ReadonlyMap<string, PreparedBinding>,
    dependencies: RunnerDependencies,
    coldReason: ColdReason = 'first',
  ) {
    this.spec = spec;
    this.#dependencies = dependencies;
    this.#instances = new FunctionInstances(spec, dependencies, coldReason);
    this.#outcomes = new Outcomes(spec, dependencies);
    this.#admission = new Admission(spec, dependencies.backlog);
    this.#waker = new Waker(spec, bindings, dependencies, this.#owner);
    this.#entrance = new Entrance({
      ...dependencies,
      spec,
      isShared: () => dependencies.scheduler.isShared(this),
      onEntered: (instance, fault) => this.#entered(instance, fault),
      onReturned: () => {
        this.#settleIdle();
        if (!this.#disposed) dependencies.scheduler.mark(this);
      },
    });
  }

  get warm(): boolean {
    return this.#instances.current !== undefined;
  }

  /** Memory of the instance, when it was measured last. */
  get warmBytes(): number {
    return this.#instances.warmBytes;
  }

  /** Memory of the instances that take nothing new, when they began to. */
  get retiredBytes(): number {
    return this.#instances.retiredBytes;
  }

  /** Accepted and not finished. */
  get inFlight(): number {
    return this.#admission.running + this.#admission.queued;
  }

  /** Given to the guest and not finished. */
  get running(): number {
    return this.#admission.running;
  }

  get queued(): number {
    return this.#admission.queued;
  }

  get lastUsedMs(): number {
    return this.#outcomes.lastUsedMs;
  }

  /** Takes an invocation, or fails it at once when it is too large, too late, or the queue is full. */
  accept(invocation: Invocation): void {
    const { observer, clock } = this.#dependencies;
    const accepted = this.#admission.accept(invocation, clock.monotonicMs());
    if (!('code' in accepted)) {
      this.#accepted(accepted);
      return;
    }
    invocation.fail(accepted);
    if (observer.wantsDetails()) observer.onRefused(this.spec, invocation, accepted.code);
  }

  #accepted(flight: Flight): void {
    const { scheduler, sweeper, observer } = this.#dependencies;
    if (observer.wantsDetails()) observer.onReceived(this.spec, flight);
    scheduler.mark(this);
    sweeper.watch(this);
  }

  runOnce(): boolean {
    if (this.#disposed) return false;
    for (const retired of this.#instances.retired) if (retired.hasWork) this.#entrance.enter(retired);
    this.#admit();
    if (this.#keepsWarm) this.#wake();
    const instance = this.#instances.current;
    if (instance?.hasWork === true) this.#entrance.enter(instance);
    this.#settleIdle();
    return this.#instances.hasWork || (this.#admission.ready && !this.#waker.waking);
  }

  /** Moves invocations from the queue into the instance, which is made when there is none. */
  #admit(): void {
    for (let flight = this.#admission.next(); flight !== undefined; flight = this.#admission.next()) {
      this.#wake();
      const instance = this.#instances.current;
      if (instance === undefined) return;
      this.#admission.begin();
      instance.invoke(flight);
    }
  }

  /** Has an instance made where there is none. */
  #wake(): void {
    if (this.warm || this.#waker.waking) return;
    this.#waker.wake(this.#entrance.heavy, this.#wakeListener);
  }

  get #keepsWarm(): boolean {
    return this.#instances.isKeptWarm && !this.#prewarmFailed && !this.#disposed;
  }

  /** Makes the instance of a function that has `limits.minWarm` before a message needs it. */
  prewarm(): void {
    if (!this.warm && this.#keepsWarm) this.#dependencies.scheduler.mark(this);
  }

  readonly #wakeListener: WakeListener = {
    woken: (instance, tookMs, isCached) => {
      if (this.#disposed) {
        instance[Symbol.dispose]();
        return;
      }
      this.#instances.install(instance, isCached);
      this.#prewarmFailed = false;
      this.#dependencies.onWoken?.(this);
      const first = this.#admission.next();
      if (first === undefined) {
        this.#outcomes.prewarmed();
        return;
      }
      this.#outcomes.woken(first, tookMs, this.#instances.coldReason);
      this.#dependencies.scheduler.mark(this);
    },
    failed: (error) => {
      if (this.#admission.queued === 0) {
        this.#prewarmFailed = true;
        this.#outcomes.log('error', error.message);
      }
      this.#outcomes.failAll(this.#admission.takeWaiting(), error);
      this.#settleIdle();
    },
  };

  readonly #owner: InstanceOwner = {
    onWork: () => this.#dependencies.scheduler.mark(this),
    onReply: (flight, record) => {
      this.#answered(flight, record.tails);
      this.#outcomes.replied(flight, record);
    },
    onError: (flight, error, { tails, stack }) => {
      this.#answered(flight, tails);
      this.#outcomes.threw(flight, error, stack);
    },
    onTailsDone: (flight) => this.#admission.left(flight),
    onLog: (level, text) => this.#outcomes.logGuest(level, text),
  };

  #answered(flight: Flight, tails: number): void {
    if (tails === 0) this.#admission.left(flight);
    else flight.deadlineMs = this.#dependencies.clock.monotonicMs() + HOST_LIMITS.tailMs;
  }

  #entered(instance: Instance, fault: InstanceFault | undefined): void {
    if (fault === undefined) {
      if (this.#instances.isDone(instance)) this.#instances.drop(instance);
      else this.#recycleSpent(instance);
    } else if (fault.kind === 'cpu') this.#interrupted(instance, fault.invocationId, cpuExceeded(this.spec));
    else if (fault.kind === 'starved') this.#interrupted(instance, fault.invocationId, starved(this.spec));
    else if (fault.kind === 'slow') this.#beginAnew(instance);
    else this.#lost(instance, fault);
  }

  /** Nobody has seen anything of what its invocations did so far: to them it is the same cold start. */
  #beginAnew(instance: Instance): void {
    this.#requeue(instance, this.#instances.coldReason);
    this.#instances.drop(instance);
  }

  /** An entry was ended at its CPU limit: only the invocation that ran fails, and no new one comes in. */
  #interrupted(instance: Instance, id: number, error: HairspringError): void {
    this.#requeue(instance, 'interrupted');
    const flight = instance.flights.get(id);
    if (flight !== undefined) this.#end(instance, flight, error);
    this.#retire(instance);
  }

  /** It finishes what it has begun; nothing comes in any more. */
  #retire(instance: Instance): void {
    const oldest = this.#instances.retire(instance);
    if (oldest === undefined) return;
    this.#failStarted(oldest, tooManyRetired(this.spec, MAX_RETIRED));
    this.#instances.drop(oldest);
  }

  /** The isolate is gone, and with it every invocation that had begun. */
  #lost(instance: Instance, fault: Exclude<InstanceFault, { kind: 'cpu' | 'slow' | 'starved' }>): void {
    this.#requeue(instance, fault.kind === 'overrun' ? 'interrupted' : 'crash');
    this.#failStarted(instance, isolateLost(this.spec, fault));
    this.#instances.drop(instance);
  }

  #failStarted(instance: Instance, error: HairspringError): void {
    for (const flight of [...instance.flights.values()]) this.#end(instance, flight, error);
  }

  /** Ends an invocation whatever it still does: with `error`, or without a word when it has replied. */
  #end(instance: Instance, flight: Flight, error: HairspringError): void {
    instance.forget(flight, error);
    this.#admission.left(flight);
    this.#outcomes.ended(flight, error);
  }

  /** After some of its invocations were ended. */
  #keepOrDrop(instance: Instance): void {
    if (this.#instances.isDone(instance)) this.#instances.drop(instance);
    // Nobody waits for what it does, and nobody else has begun: better a cold start than a thread that is busy in vain.
    else if (instance.isBusyInVain) {
      this.#requeue(instance, 'interrupted', instance.takeAll());
      this.#instances.drop(instance);
    } else this.#recycleSpent(instance);
  }

  /** Puts invocations that had not begun back to the front of the queue, and closes the instance to new ones. */
  #requeue(instance: Instance, coldReason: ColdReason, flights = instance.takeUnstarted()): void {
    this.#admission.giveBack(flights);
    this.#instances.close(instance, coldReason);
    if (this.#admission.queued > 0) this.#dependencies.scheduler.mark(this);
    else this.prewarm();
  }

  sweep(nowMs: number): void {
    const expired = this.#admission.expire(nowMs);
    for (const flight of expired) this.#outcomes.failAll([flight], timedOut(this.spec, flight.grantedMs));
    this.#endWhere(
      ({ deadlineMs }) => deadlineMs <= nowMs,
      ({ answered, grantedMs }) => (answered ? tailTooLong(this.spec) : timedOut(this.spec, grantedMs)),
    );
    this.#settleIdle();
  }

  #endWhere(wanted: (flight: Flight) => boolean, why: (flight: Flight) => HairspringError): number {
    let count = 0;
    for (const instance of this.#instances.all) {
      // What was never given to it keeps nothing busy.
      let wasGiven = false;
      for (const flight of instance.flights.values()) {
        if (!wanted(flight)) continue;
        count += 1;
        wasGiven ||= flight.given;
        this.#end(instance, flight, why(flight));
      }
      if (wasGiven) this.#keepOrDrop(instance);
    }
    return count;
  }

  /**
   * Ends invocations, with HS_FUNCTION_CANCELLED for their callers: the one with this id, or all that wait,
   * run, or go on after their replies. @returns how many
   */
  cancel(invocationId?: string): number {
    return this.#cancelWhere(
      ({ id }) => invocationId === undefined || invocationId === `${INVOCATION_ID_PREFIX}${id}`,
    );
  }

  /** Ends an invocation that nobody waits for any more, if it is one of these. */
  abandon(invocation: Invocation): void {
    this.#cancelWhere((flight) => flight.invocation === invocation);
  }

  #cancelWhere(isMeant: (flight: Flight) => boolean): number {
    const error = cancelled(this.spec);
    const waiting = this.#admission.takeWhere(isMeant);
    this.#outcomes.failAll(waiting, error);
    const count = waiting.length + this.#endWhere(isMeant, () => error);
    this.#settleIdle();
    return count;
  }

  /** Tells what is in progress, by its signal, that the instance will not be there for much longer. */
  hurry(): void {
    const error = stopping(this.spec);
    for (const instance of this.#instances.all)
      for (const flight of instance.flights.values()) instance.hurry(flight, error);
  }

  /** Frees the instance when no invocation is in it and it need not be kept warm. @returns whether it is gone */
  evict(): boolean {
    return this.inFlight === 0 && this.#instances.evict();
  }

  /** Attaches a debugger, in place of the one before; the instance is made where there is none. */
  inspect(link: DebuggerLink): void {
    this.#instances.inspect(link);
    this.prewarm();
  }

  /** The debugger has gone. */
  endInspection(link: DebuggerLink): void {
    this.#instances.endInspection(link);
  }

  /** Measures the instance. @returns false before its first call, and while another thread is inside */
  measure(): boolean {
    return this.#instances.measure();
  }

  /** Once in a while: measures the instance when it was used since, and replaces one that is worn out. */
  tend(nowMs: number): void {
    const worn = this.#instances.tend(nowMs);
    if (worn !== undefined) this.#recycle(worn);
  }

  #recycleSpent(instance: Instance): void {
    if (this.#instances.isSpent(instance)) this.#recycle(instance);
  }

  /** What comes now goes to the next one. */
  #recycle(instance: Instance): void {
    this.#requeue(instance, 'recycled');
    this.#retire(instance);
  }

  /**
   * Hands what has not begun to the version that takes this one's place. What has begun finishes here, and so does
   * what the other does not take: it lacks the trigger, or has narrower limits.
   */
  replaceWith(successor: FunctionRunner): void {
    successor.#instances.coldReason = this.#outcomes.hadInstance ? 'version' : this.#instances.coldReason;
    this.#admission.giveBack(this.#instances.current?.takeUnstarted() ?? []);
    this.#admission.offer((flight) => successor.#takeOver(flight, this.spec));
    if (this.#admission.queued > 0) this.#dependencies.scheduler.mark(this);
    this.#settleIdle();
  }

  /** @returns whether it is taken, and then it is no longer the other's */
  #takeOver({ invocation, acceptedMs, given }: Flight, from: FunctionSpec): boolean {
    const place = placeInNext(invocation, from, this.spec);
    if (place === undefined) return false;
    const accepted = this.#admission.accept(invocation, acceptedMs);
    if ('code' in accepted) return false;
    invocation.triggerIndex = place;
    accepted.given = given;
    this.#accepted(accepted);
    return true;
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
      ...this.#outcomes.stats(),
      inFlight: this.#admission.running,
      queued: this.#admission.queued,
      heapBytes: this.#instances.current?.heapBytes ?? 0,
    };
  }

  /** Ends the runner at once; whatever is still in it fails with `error`. */
  dispose(error: HairspringError): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#dependencies.scheduler.remove(this);
    this.#outcomes.failAll(this.#admission.takeWaiting(), error);
    for (const instance of this.#instances.all) {
      this.#failStarted(instance, error);
      this.#instances.drop(instance);
    }
    this.#instances[Symbol.dispose]();
    this.#settleIdle();
  }
}
