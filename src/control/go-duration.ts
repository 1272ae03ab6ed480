/** Durations as Go writes and reads them, because Nex's clients send `time.Duration` strings. */
import { HairspringError, LONGEST_WAIT_MS } from '../core/index.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Reads `1m0s`, `1.5h`, `250ms`, `0`.
 * @returns milliseconds
 * @throws HS_REQUEST_INVALID when the text is not a duration of zero or more, or more than a timer can wait
 */
export function parseGoDuration(text: string): number {
  if (text === '0') return 0;
  const parts = [...text.matchAll(PART)];
  const read = parts.map((part) => part[0]).join('');
  if (parts.length === 0 || read !== text.replace(/^\+/, '')) {
    throw new HairspringError('HS_REQUEST_INVALID', `Cannot read "${text}" as a duration`, {
      hint: 'Write it like 30s or 1m0s',
    });
  }
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  if (ms <= LONGEST_WAIT_MS) return ms;
  throw new HairspringError(
    'HS_REQUEST_INVALID',
    `Cannot wait for "${text}": the longest is ${formatGoDuration(LONGEST_WAIT_MS)}`,
    { hint: `Write ${formatGoDuration(LONGEST_WAIT_MS)} or less` },
  );
}

/** Writes milliseconds as Go does: `1h0m5s`, `2m1.5s`, `350ms`, `0s`. */
export function formatGoDuration(ms: number): string {
  const wholeMs = Math.max(0, Math.round(ms));
  if (wholeMs === 0) return '0s';
  if (wholeMs < 1_000) return `${wholeMs}ms`;
  const hours = Math.floor(wholeMs / 3_600_000);
  const minutes = Math.floor((wholeMs % 3_600_000) / 60_000);
  const seconds = `${(wholeMs % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
