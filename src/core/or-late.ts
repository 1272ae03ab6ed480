import type { Clock } from './clock.ts';

/** What `value` settles to, or 'late' when it takes longer than `withinMs`. */
export async function orLate<Value>(
  value: Promise<Value>,
  clock: Clock,
  withinMs: number,
): Promise<Value | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const cancel = clock.after(withinMs, () => resolve('late'));
  try {
    return await Promise.race([value, late]);
  } finally {
    cancel();
  }
}
