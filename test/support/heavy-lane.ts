/** What tests of the heavy lane share. */
import type { TestFunctionOptions } from './functions.ts';

/** A limit that sends a function to the heavy lane, where the main thread allows 50 ms. */
export const HEAVY: TestFunctionOptions = { inlineCpuMs: 50, limits: { cpuMs: 2_000 } };

/** Code that holds its thread. */
export const busy = (ms: number): string =>
  `{ const until = Date.now() + ${ms}; while (Date.now() < until); }`;

/** Turns of the event loop until `work` is done: few when the thread is held, many when it is free. */
export async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let done = false;
  let count = 0;
  const end = work.finally(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    count += 1;
  }
  await end;
  return count;
}
