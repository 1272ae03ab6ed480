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
import { placeInNext } from './hand-over.ts';
import type { Instance, InstanceFault, InstanceOwner } from './instance.ts';
import { type CodeLearner, learnCode, learnFeatures } from './learn-code.ts';
import {
  cancelled,
  cpuExceeded,
  isolateLost,
  stopping,
  tailTooLong,
  timedOut,
  tooManyRetired,
} from './limit-errors.ts';
import { Outcomes, type OutcomeTellers } from './outcomes.ts';
import { MAX_RETIRED, RetiredInstances } from './retired-instances.ts';
import type { Runnable, Scheduler } from './scheduler.ts';
import { type WakeListener, Waker, type WakerDependencies } from './waker.ts';
import { isSpent, WEAR_LIMITS, Wear, type WearLimits } from './wear.ts';

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
  #instance: Instance | undefined;
  #wear: Wear | undefined;
  /** A debugger, for which there is to be an instance. */
  #debugger: DebuggerLink | undefined;
  /** Why the next instance is made. */
  #coldReason: ColdReason;
  /** There is no code cache of it that has its handlers, too. */
  #lacksCache = false;
  /** It could not be made ahead: the next call tells why. */
  #prewarmFailed = false;
  readonly #retired = new RetiredInstances();
  #onIdle: (() => void)[] = [];
  readonly #outcomes: Outcomes;
  #disposed = false;

  constructor(
    spec: FunctionSpec,
    bindings: ReadonlyMap<string, PreparedBinding>,
    dependencies: RunnerDependencies,
    coldReason: ColdReason = 'first',
  ) {
    this.#coldReason = coldReason;
    this.spec = spec;
    this.#dependencies = dependencies;
    this.#outcomes = new Outcomes(spec, dependencies);
    this.#admission = new Admission(spec, dependencies.backlog);
    this.#waker = new Waker(spec, bindings, dependencies, this.#owner);
    this.#entrance = new Entrance({
      ...dependencies,
      spec,
      onEntered: (instance, fault) => this.#entered(instance, fault),
      onReturned: () => {
        this.#settleIdle();
        if (!this.#disposed) dependencies.scheduler.mark(this);
      },
    });
  }

  get warm(): boolean {
    return this.#instance !== undefined;
  }

  /** Memory of the instance, when it was measured last. */
  get warmBytes(): number {
    return this.#instance === undefined ? 0 : (this.#wear?.bytes ?? 0);
  }

  /** Memory of the instances that take nothing new, when they began to. */
  get retiredBytes(): number {
    return this.#retired.bytes;
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
    for (const retired of this.#retired.all) if (retired.hasWork) this.#entrance.enter(retired);
    this.#admit();
    if (this.#instance === undefined && this.#keepsWarm && !this.#waker.waking)
      this.#waker.wake(this.#entrance.heavy, this.#wakeListener);
    const instance = this.#instance;
    if (instance?.hasWork === true) this.#entrance.enter(instance);
    this.#settleIdle();
    return (
      this.#instance?.hasWork === true ||
      this.#retired.hasWork ||
      (this.#admission.ready && !this.#waker.waking)
    );
  }

  /** Moves invocations from the queue into the instance, which is made when there is none. */
  #admit(): void {
    for (let flight = this.#admission.next(); flight !== undefined; flight = this.#admission.next()) {
      if (this.#instance === undefined && !this.#waker.waking)
        this.#waker.wake(this.#entrance.heavy, this.#wakeListener);
      if (this.#instance === undefined) return;
      this.#admission.begin();
      this.#instance.invoke(flight);
    }
  }

  get #keepsWarm(): boolean {
    const isWanted = this.spec.limits.minWarm > 0 || this.#debugger !== undefined;
    return isWanted && !this.#prewarmFailed && !this.#disposed;
  }

  /** Makes the instance of a function that has `limits.minWarm` before a message needs it. */
  prewarm(): void {
    if (this.#instance === undefined && this.#keepsWarm) this.#dependencies.scheduler.mark(this);
  }

  readonly #wakeListener: WakeListener = {
    woken: (instance, tookMs, isCached) => {
      if (this.#disposed) {
        instance[Symbol.dispose]();
        return;
      }
      const { clock, wear = WEAR_LIMITS, scheduler } = this.#dependencies;
      this.#instance = instance;
      this.#lacksCache = !isCached;
      this.#wear = new Wear(wear, clock.monotonicMs(), this.spec.limits.memoryBytes);
      this.#prewarmFailed = false;
      this.#dependencies.observer.onPool(this.spec, 'woken');
      this.#dependencies.onWoken?.(this);
      this.#debugger?.attach(instance);
      const first = this.#admission.next();
      if (first === undefined) {
        this.#outcomes.prewarmed();
        return;
      }
      this.#outcomes.woken(first, tookMs, this.#coldReason);
      scheduler.mark(this);
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
      if (this.#retired.has(instance) && instance.flights.size === 0) this.#drop(instance);
      else this.#recycleSpent(instance);
    } else if (fault.kind === 'cpu') this.#interrupted(instance, fault.invocationId);
    else if (fault.kind === 'slow') this.#beginAnew(instance);
    else this.#lost(instance, fault);
  }

  /** Nobody has seen anything of what its invocations did so far: to them it is the same cold start. */
  #beginAnew(instance: Instance): void {
    this.#requeue(instance, this.#coldReason);
    this.#drop(instance);
  }

  /** The instance overran its CPU limit: only the guilty invocation fails, and no new one comes in. */
  #interrupted(instance: Instance, guiltyId: number): void {
    this.#requeue(instance, 'interrupted');
    const guilty = instance.flights.get(guiltyId);
    if (guilty !== undefined) this.#end(instance, guilty, cpuExceeded(this.spec));
    this.#retire(instance);
  }

  /** It finishes what it has begun; nothing comes in any more. */
  #retire(instance: Instance): void {
    if (instance.flights.size === 0) {
      this.#drop(instance);
      return;
    }
    const oldest = this.#retired.add(instance);
    if (oldest === undefined) return;
    this.#failStarted(oldest, tooManyRetired(this.spec, MAX_RETIRED));
    this.#drop(oldest);
  }

  /** The isolate is gone, and with it every invocation that had begun. */
  #lost(instance: Instance, fault: Exclude<InstanceFault, { kind: 'cpu' | 'slow' }>): void {
    this.#requeue(instance, fault.kind === 'overrun' ? 'interrupted' : 'crash');
    this.#failStarted(instance, isolateLost(this.spec, fault));
    this.#drop(instance);
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
    if (this.#retired.has(instance) && instance.flights.size === 0) this.#drop(instance);
    // Nobody waits for what it does, and nobody else has begun: better a cold start than a thread that is busy in vain.
    else if (instance.isBusyInVain) {
      this.#requeue(instance, 'interrupted', instance.takeAll());
      this.#drop(instance);
    } else this.#recycleSpent(instance);
  }

  /** Puts invocations that had not begun back to the front of the queue, and closes the instance to new ones. */
  #requeue(instance: Instance, coldReason: ColdReason, flights = instance.takeUnstarted()): void {
    this.#admission.giveBack(flights);
    if (this.#instance === instance) {
      this.#instance = undefined;
      this.#coldReason = coldReason;
      this.#dependencies.observer.onPool(this.spec, coldReason === 'recycled' ? 'recycled' : 'lost');
    }
    if (this.#admission.queued > 0) this.#dependencies.scheduler.mark(this);
    else this.prewarm();
  }

  #drop(instance: Instance): void {
    this.#retired.delete(instance);
    if (this.#debugger?.isAttachedTo(instance) === true) this.#debugger = void this.#debugger.end();
    if (this.#instance === instance) this.#instance = undefined;
    instance[Symbol.dispose]();
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
    for (const instance of this.#instances()) {
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

  #instances(): readonly Instance[] {
    const { all } = this.#retired;
    return this.#instance === undefined ? all : [this.#instance, ...all];
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
    for (const instance of this.#instances())
      for (const flight of instance.flights.values()) instance.hurry(flight, error);
  }

  /** Frees the instance when no invocation is in it and it need not be kept warm. @returns whether it is gone */
  evict(): boolean {
    if (this.#instance === undefined || this.inFlight > 0) return false;
    if (this.spec.limits.minWarm > 0 || this.#debugger !== undefined) return false;
    this.#drop(this.#instance);
    this.#coldReason = 'evicted';
    this.#dependencies.observer.onPool(this.spec, 'evicted');
    return true;
  }

  /** Attaches a debugger, in place of the one before; the instance is made where there is none. */
  inspect(link: DebuggerLink): void {
    this.#debugger?.end();
    this.#debugger = link;
    if (this.#instance === undefined) this.prewarm();
    else link.attach(this.#instance);
  }

  /** The debugger has gone. */
  endInspection(link: DebuggerLink): void {
    if (this.#debugger === link) this.#debugger = undefined;
    link.end();
  }

  /** Measures the instance. @returns false before its first call, and while another thread is inside */
  measure(): boolean {
    const instance = this.#instance;
    if (instance?.away === true || instance?.isUntouched === true) return false;
    if (instance !== undefined) this.#wear?.measure(instance);
    return true;
  }

  /** Once in a while: measures the instance when it was used since, and replaces one that is worn out. */
  tend(nowMs: number): void {
    const instance = this.#instance;
    if (instance === undefined) return;
    // Another thread still looks at what the last call has left: next time.
    if (instance.away && instance.flights.size === 0) return;
    if (instance.invoked > 0 && instance.flights.size === 0) {
      if (instance.hasUnlearned) learnFeatures(instance, this.spec, this.#dependencies);
      else if (this.#lacksCache) {
        this.#lacksCache = false;
        learnCode(instance, this.spec, this.#dependencies);
      }
    }
    if (this.#wear?.isWorn(instance, nowMs) !== true) return;
    this.#recycle(instance);
  }

  #recycleSpent(instance: Instance): void {
    if (instance === this.#instance && isSpent(this.spec, instance)) this.#recycle(instance);
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
    successor.#coldReason = this.#outcomes.hadInstance ? 'version' : this.#coldReason;
    this.#admission.giveBack(this.#instance?.takeUnstarted() ?? []);
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
      heapBytes: this.#instance?.heapBytes ?? 0,
    };
  }

  /** Ends the runner at once; whatever is still in it fails with `error`. */
  dispose(error: HairspringError): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#dependencies.scheduler.remove(this);
    this.#outcomes.failAll(this.#admission.takeWaiting(), error);
    for (const instance of this.#instances()) {
      this.#failStarted(instance, error);
      this.#drop(instance);
    }
    this.#settleIdle();
  }
}
