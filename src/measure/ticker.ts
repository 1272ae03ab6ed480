import { Worker } from 'node:worker_threads';

const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/**
 * Calls `onTick` about every `intervalMs`, which may be a fraction of a millisecond, until it is disposed. Ticks that
 * come while the caller is busy are one.
 */
export async function startTicker(intervalMs: number, onTick: () => void): Promise<AsyncDisposable> {
  const pending = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(new URL('./ticker-thread.js', import.meta.url), {
    workerData: { intervalMs, pending },
    resourceLimits: RESOURCE_LIMITS,
  });
  await new Promise<void>((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  thread.on('message', () => {
    Atomics.store(pending, 0, 0);
    onTick();
  });
  return {
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}
