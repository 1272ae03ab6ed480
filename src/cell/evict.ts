/** A function with a warm instance. */
export interface Evictable {
  readonly lastUsedMs: number;
  readonly warmBytes: number;
  /** @returns whether the instance is gone; it stays while it works or is to be kept warm */
  evict(): boolean;
}

export interface WarmLimits {
  readonly warmInstances: number;
  readonly warmMemoryBytes: number;
  readonly idleEvictMs: number;
}

/** In one go. */
const MAX_FREED = 8;

/**
 * Frees idle instances: those too many or too large together, longest unused first, and those unused for long.
 * @param otherBytes count toward the memory, too, and are not to be had
 * @returns whether there may be more to free: a few at a time, because each takes up to a millisecond of the thread
 */
export function evictIdle(
  warm: readonly Evictable[],
  limits: WarmLimits,
  nowMs: number,
  otherBytes: number = 0,
): boolean {
  const { warmInstances, warmMemoryBytes, idleEvictMs } = limits;
  let freed = 0;
  let count = warm.length;
  let bytes = warm.reduce((sum, one) => sum + one.warmBytes, otherBytes);
  for (const one of warm.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)) {
    const isExcess = count > warmInstances || bytes > warmMemoryBytes;
    if (!isExcess && nowMs - one.lastUsedMs < idleEvictMs) return false;
    if (freed >= MAX_FREED) return true;
    const { warmBytes } = one;
    if (!one.evict()) continue;
    freed += 1;
    count -= 1;
    bytes -= warmBytes;
  }
  return false;
}
