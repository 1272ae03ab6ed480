import { HOST_LIMITS } from '../../core/index.ts';

/** When an instance is replaced by a fresh one. */
export interface WearLimits {
  readonly ageMs: number;
  readonly invocations: number;
  /** Of the memory limit. */
  readonly heapShare: number;
}

export const WEAR_LIMITS: WearLimits = {
  ageMs: HOST_LIMITS.recycleAgeMs,
  invocations: HOST_LIMITS.recycleInvocations,
  heapShare: HOST_LIMITS.recycleHeapShare,
};

/** V8 collects when it sees fit, so one full heap tells little; so many in a row were not emptied by it. */
const FULL_SAMPLES = 5;

/** What wears out, as `Instance` shows it. */
export interface Worn {
  readonly invoked: number;
  memoryUse(): { readonly heapBytes: number; readonly totalBytes: number };
}

/** The age of one instance in time, calls and memory. Memory is measured only when it was used since. */
export class Wear {
  readonly #limits: WearLimits;
  readonly #bornMs: number;
  readonly #memoryLimitBytes: number;
  #measured = -1;
  #fullSamples = 0;
  #bytes = 0;

  constructor(limits: WearLimits, bornMs: number, memoryLimitBytes: number) {
    this.#limits = limits;
    this.#bornMs = bornMs;
    this.#memoryLimitBytes = memoryLimitBytes;
  }

  /** Heap and what hangs on it outside, when it was measured last. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns whether it is worn out */
  isWorn(instance: Worn, nowMs: number): boolean {
    const { ageMs, invocations, heapShare } = this.#limits;
    if (instance.invoked !== this.#measured) {
      this.#measured = instance.invoked;
      const { heapBytes, totalBytes } = instance.memoryUse();
      this.#bytes = totalBytes;
      this.#fullSamples = heapBytes >= heapShare * this.#memoryLimitBytes ? this.#fullSamples + 1 : 0;
    }
    // One that was never used is as good as new, whatever its age.
    const isOld = instance.invoked > 0 && nowMs - this.#bornMs >= ageMs;
    return isOld || instance.invoked >= invocations || this.#fullSamples >= FULL_SAMPLES;
  }
}
