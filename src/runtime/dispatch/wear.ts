import { type FunctionSpec, HOST_LIMITS } from '../../core/index.ts';

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

/**
 * WebAssembly memory that an isolate may let go of. V8 counts it for nothing, and gives it back with the isolate: 300
 * calls of a command that grows to 16 MiB left 3.8 GiB. ../guest/dispatcher.js has the same bound.
 */
const MAX_LOST_BYTES = 128 * 1024 ** 2;

/**
 * A module that waits for the host has a stack and a memory of its own, and keeps both, outside of the heap
 * and so from V8's attention, when its invocation ends before it has gone on.
 */
const MAX_ABANDONED = 16;

/** Whether a function is to go on in another instance, for what WebAssembly holds in this one and V8 does not see. */
export function isSpent(
  { type }: Pick<FunctionSpec, 'type'>,
  { abandoned, lostBytes }: { readonly abandoned: number; readonly lostBytes: number },
): boolean {
  return lostBytes >= MAX_LOST_BYTES || (type === 'wasm' && abandoned >= MAX_ABANDONED);
}

/** V8 collects when it sees fit, so one full heap tells little; so many in a row were not emptied by it. */
const FULL_SAMPLES = 5;

/** What wears out, as `Instance` shows it. */
export interface Worn {
  readonly invoked: number;
  /** Another thread is inside: what is known of its memory is from before. */
  readonly away: boolean;
  memoryUse(): { readonly heapBytes: number; readonly totalBytes: number };
}

/** The age of one instance in time, calls and memory. Memory is measured only when it was used since. */
export class Wear {
  readonly #limits: WearLimits;
  readonly #bornMs: number;
  readonly #memoryLimitBytes: number;
  #measured = -1;
  #wasAway = false;
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

  /** Looks at the memory. @returns that of the heap alone */
  measure(instance: Worn): number {
    const { heapBytes, totalBytes } = instance.memoryUse();
    this.#bytes = totalBytes;
    return heapBytes;
  }

  /** @returns whether it is worn out */
  isWorn(instance: Worn, nowMs: number): boolean {
    const { ageMs, invocations, heapShare } = this.#limits;
    const isUsed = instance.invoked !== this.#measured;
    if (isUsed || this.#wasAway) {
      const isFull = this.measure(instance) >= heapShare * this.#memoryLimitBytes;
      if (isUsed) this.#fullSamples = isFull ? this.#fullSamples + 1 : 0;
      this.#measured = instance.invoked;
      this.#wasAway = instance.away;
    }
    // One that was never used is as good as new, whatever its age.
    const isOld = instance.invoked > 0 && nowMs - this.#bornMs >= ageMs;
    return isOld || instance.invoked >= invocations || this.#fullSamples >= FULL_SAMPLES;
  }
}
