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

/**
 * Frees idle instances: those too many or too large together, longest unused first, and those unused for long.
 * @param otherBytes count toward the memory, too, and are not to be had
 */
export function evictIdle(
  warm: readonly Evictable[],
  limits: WarmLimits,
  nowMs: number,
  otherBytes: number = 0,
): void {
  const { warmInstances, warmMemoryBytes, idleEvictMs } = limits;
  let count = warm.length;
  let bytes = warm.reduce((sum, one) => sum + one.warmBytes, otherBytes);
  for (const one of warm.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)) {
    const isExcess = count > warmInstances || bytes > warmMemoryBytes;
    if (!isExcess && nowMs - one.lastUsedMs < idleEvictMs) return;
    const { warmBytes } = one;
    if (!one.evict()) continue;
    count -= 1;
    bytes -= warmBytes;
  }
}
