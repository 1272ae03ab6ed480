import { REQUEST_HEADERS } from './headers.ts';
import type { HeaderPairs } from './invocation.ts';

/** Longer ones say nothing: no function has a limit of that size. */
const TIMEOUT_PATTERN = /^\d{1,9}$/;

/**
 * How long the caller of a message still waits, in milliseconds, by its header `Hairspring-Timeout-Ms`;
 * undefined when it does not say, or not as a whole number of at most nine digits.
 */
export function callerTimeoutMs(headers: HeaderPairs | undefined): number | undefined {
  if (headers === undefined) return undefined;
  for (const [name, value] of headers) {
    if (name === REQUEST_HEADERS.timeoutMs) return TIMEOUT_PATTERN.test(value) ? Number(value) : undefined;
  }
  return undefined;
}

/**
 * The header by which a callee learns what is left until `deadlineMs`. It is a duration, since the clocks
 * of caller and callee differ; the time on the way counts for the callee.
 */
export function timeoutHeader(deadlineMs: number, nowMs: number): readonly [name: string, value: string] {
  return [
    REQUEST_HEADERS.timeoutMs,
    String(Math.min(Math.max(0, Math.floor(deadlineMs - nowMs)), 999_999_999)),
  ];
}
