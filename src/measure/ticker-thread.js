// @ts-check
/**
 * Wakes the thread that started it at fixed times. Timers of the event loop know milliseconds only; a wait on memory
 * ends within some microseconds, and costs no processor time until then.
 */
import { parentPort, workerData } from 'node:worker_threads';

/** @type {{ readonly intervalMs: number, readonly pending: Int32Array }} */
const { intervalMs, pending } = workerData;
const never = new Int32Array(new SharedArrayBuffer(4));
const startMs = performance.now();

for (let tick = 1; ; tick += 1) {
  const waitMs = startMs + tick * intervalMs - performance.now();
  if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
  // One that has not been taken is enough.
  if (Atomics.exchange(pending, 0, 1) === 0) parentPort?.postMessage(null);
}
