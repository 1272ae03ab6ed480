import type ivm from 'isolated-vm';

export interface MemoryUse {
  readonly heapBytes: number;
  readonly totalBytes: number;
}

export function toMemoryUse(heap: ivm.HeapStatistics): MemoryUse {
  return {
    heapBytes: heap.used_heap_size,
    totalBytes: heap.total_heap_size + heap.externally_allocated_size,
  };
}
