import type { Clock } from '../core/index.ts';
import { type Evictable, evictIdle, type WarmLimits } from './evict.ts';

/** A function as its warm instance is looked after. */
export interface WarmFunction extends Evictable {
  readonly warm: boolean;
  /** Memory of its earlier instances that still hold invocations: it counts, and is not to be had. */
  readonly retiredBytes: number;
  /** Measures the instance. @returns false while that is not possible */
  measure(): boolean;
  /** Measures the instance when it was used since, and replaces one that is worn out. */
  tend(nowMs: number): void;
}

const SWEEP_MS = 1_000;

/**
 * The functions of a cell that have an instance, within their limits. All are looked at once a second; those that have
 * just woken as soon as they have had their first call, because hundreds of them wake in a second.
 */
export class WarmInstances implements Disposable {
  readonly #limits: WarmLimits;
  readonly #clock: Clock;
  readonly #functions = new Set<WarmFunction>();
  readonly #stopSweep: () => void;
  /** Of them those that have woken and are not measured yet. */
  readonly #fresh = new Set<WarmFunction>();
  #look: NodeJS.Immediate | undefined;
  #eviction: NodeJS.Immediate | undefined;

  constructor(limits: WarmLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#stopSweep = clock.every(SWEEP_MS, () => this.#sweep());
  }

  get count(): number {
    let count = 0;
    for (const { warm } of this.#functions) if (warm) count += 1;
    return count;
  }

  /** Memory of the instances, when it was measured last. */
  get bytes(): number {
    let bytes = this.#retiredBytes;
    for (const { warmBytes } of this.#functions) bytes += warmBytes;
    return bytes;
  }

  get #retiredBytes(): number {
    let bytes = 0;
    for (const { retiredBytes } of this.#functions) bytes += retiredBytes;
    return bytes;
  }

  /** An instance of it was made. */
  woken(one: WarmFunction): void {
    this.#functions.add(one);
    this.#fresh.add(one);
    this.#look ??= setImmediate(() => this.#lookAtFresh());
  }

  /** It is looked after no more. */
  forget(one: WarmFunction): void {
    this.#functions.delete(one);
    this.#fresh.delete(one);
  }

  /** How many there are is not looked at here: a few more than the limit for a moment spare their next cold start. */
  #lookAtFresh(): void {
    this.#look = undefined;
    // The others, in which another thread is, are looked at with the next that wake.
    for (const one of this.#fresh) if (!one.warm || one.measure()) this.#fresh.delete(one);
    const { warmMemoryBytes } = this.#limits;
    if (this.bytes <= warmMemoryBytes) return;
    this.#evict({ ...this.#limits, warmInstances: Number.POSITIVE_INFINITY });
  }

  /** Replaces instances that are worn out, then frees idle ones. */
  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const one of this.#functions) one.tend(nowMs);
    this.#evict(this.#limits);
  }

  #evict(limits: WarmLimits): void {
    clearImmediate(this.#eviction);
    const isMore = evictIdle(this.#warm(), limits, this.#clock.monotonicMs(), this.#retiredBytes);
    if (isMore) this.#eviction = setImmediate(() => this.#evict(limits));
  }

  #warm(): readonly WarmFunction[] {
    for (const one of this.#functions) if (!one.warm && one.retiredBytes === 0) this.#functions.delete(one);
    return [...this.#functions].filter(({ warm }) => warm);
  }

  [Symbol.dispose](): void {
    this.#stopSweep();
    clearImmediate(this.#look);
    clearImmediate(this.#eviction);
  }
}
