import type { Clock, ColdReason, FunctionSpec, Observer } from '../../core/index.ts';
import type { DebuggerLink } from './debugger-link.ts';
import type { Instance } from './instance.ts';
import { type CodeLearner, learnCode, learnFeatures } from './learn-code.ts';
import { RetiredInstances } from './retired-instances.ts';
import { isSpent, WEAR_LIMITS, Wear, type WearLimits } from './wear.ts';

export interface FunctionInstancesOptions extends CodeLearner {
  readonly observer: Observer;
  readonly clock: Clock;
  /** @default WEAR_LIMITS */
  readonly wear?: WearLimits;
}

/** The instances of a function: the one that takes what comes, and those that only finish what they have begun. */
export class FunctionInstances {
  readonly #spec: FunctionSpec;
  readonly #options: FunctionInstancesOptions;
  readonly #retired = new RetiredInstances();
  #current: Instance | undefined;
  #wear: Wear | undefined;
  /** There is no code cache of it that has its handlers, too. */
  #lacksCache = false;
  /** A debugger, for which there is to be an instance. */
  #debugger: DebuggerLink | undefined;
  /** Why the next one is made. */
  coldReason: ColdReason;

  constructor(spec: FunctionSpec, options: FunctionInstancesOptions, coldReason: ColdReason) {
    this.#spec = spec;
    this.#options = options;
    this.coldReason = coldReason;
  }

  get current(): Instance | undefined {
    return this.#current;
  }

  get retired(): readonly Instance[] {
    return this.#retired.all;
  }

  get all(): readonly Instance[] {
    const { retired } = this;
    return this.#current === undefined ? retired : [this.#current, ...retired];
  }

  get hasWork(): boolean {
    return this.#current?.hasWork === true || this.#retired.hasWork;
  }

  /** Whether there is to be an instance before a message needs it. */
  get isKeptWarm(): boolean {
    return this.#spec.limits.minWarm > 0 || this.#debugger !== undefined;
  }

  /** Memory of the one that takes what comes, when it was measured last. */
  get warmBytes(): number {
    return this.#current === undefined ? 0 : (this.#wear?.bytes ?? 0);
  }

  /** Memory of the others, when they became such. */
  get retiredBytes(): number {
    return this.#retired.bytes;
  }

  /** From now on this one takes what comes. @param isCached whether its code cache has the handlers as well */
  install(instance: Instance, isCached: boolean): void {
    const { clock, wear = WEAR_LIMITS, observer } = this.#options;
    this.#current = instance;
    this.#lacksCache = !isCached;
    this.#wear = new Wear(wear, clock.monotonicMs(), this.#spec.limits.memoryBytes);
    observer.onPool(this.#spec, 'woken');
    this.#debugger?.attach(instance);
  }

  /** Nothing new goes to this one, if it was the one that took it. @param coldReason for its successor */
  close(instance: Instance, coldReason: ColdReason): void {
    if (this.#current !== instance) return;
    this.#current = undefined;
    this.coldReason = coldReason;
    this.#options.observer.onPool(this.#spec, coldReason === 'recycled' ? 'recycled' : 'lost');
  }

  /**
   * A closed one finishes what it has begun; without anything it is dropped.
   * @returns the oldest where there are too many now
   */
  retire(instance: Instance): Instance | undefined {
    if (!instance.isDone) return this.#retired.add(instance);
    this.drop(instance);
    return undefined;
  }

  /** Whether it has finished all that it stayed for. */
  isDone(instance: Instance): boolean {
    return this.#retired.has(instance) && instance.isDone;
  }

  /** Whether another is to take its place, for what V8 does not see of it. */
  isSpent(instance: Instance): boolean {
    return instance === this.#current && isSpent(this.#spec, instance);
  }

  drop(instance: Instance): void {
    this.#retired.delete(instance);
    if (this.#debugger?.isAttachedTo(instance) === true) this.#debugger = void this.#debugger.end();
    if (this.#current === instance) this.#current = undefined;
    instance[Symbol.dispose]();
  }

  /** Frees the one in which no invocation is, unless it is kept warm. @returns whether it is gone */
  evict(): boolean {
    if (this.#current === undefined || this.isKeptWarm) return false;
    this.drop(this.#current);
    this.coldReason = 'evicted';
    this.#options.observer.onPool(this.#spec, 'evicted');
    return true;
  }

  /** Attaches a debugger, in place of the one before, now or when there is an instance. */
  inspect(link: DebuggerLink): void {
    this.#debugger?.end();
    this.#debugger = link;
    if (this.#current !== undefined) link.attach(this.#current);
  }

  /** The debugger has gone. */
  endInspection(link: DebuggerLink): void {
    if (this.#debugger === link) this.#debugger = undefined;
    link.end();
  }

  /** Lets go of a debugger that waits for an instance: there will be none. */
  [Symbol.dispose](): void {
    this.#debugger?.end();
    this.#debugger = undefined;
  }

  /** Measures the one that takes what comes. @returns false before its first call, and while another thread is inside */
  measure(): boolean {
    const instance = this.#current;
    if (instance?.away === true || instance?.isUntouched === true) return false;
    if (instance !== undefined) this.#wear?.measure(instance);
    return true;
  }

  /** Once in a while: learns from it for those to come, and measures it when it was used since. @returns it if worn out */
  tend(nowMs: number): Instance | undefined {
    const instance = this.#current;
    if (instance === undefined) return undefined;
    const isResting = instance.flights.size === 0;
    // Another thread still looks at what the last call has left: next time.
    if (instance.away && isResting) return undefined;
    if (instance.invoked > 0 && isResting) this.#learn(instance);
    return this.#wear?.isWorn(instance, nowMs) === true ? instance : undefined;
  }

  #learn(instance: Instance): void {
    if (instance.hasUnlearned) learnFeatures(instance, this.#spec, this.#options);
    else if (this.#lacksCache) {
      this.#lacksCache = false;
      learnCode(instance, this.#spec, this.#options);
    }
  }
}
