import { HairspringError } from './errors.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const UNIT_BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, KB: 1e3, MB: 1e6, GB: 1e9 } as const;

/**
 * Parses `250ms`, `5s`, `1m30s`, `2h`.
 * @returns milliseconds
 * @throws HS_USAGE when the text is not a duration
 */
export function parseDuration(text: string): number {
  const whole = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text);
  if (!whole)
    throw new HairspringError('HS_USAGE', `Cannot read "${text}" as a duration`, {
      hint: 'Write it like 250ms, 5s or 1m30s',
    });
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return Math.round(totalMs);
}

/** 24 days: timers of Node end at once when they are set for more than about 24.8. */
export const LONGEST_WAIT_MS: number = 24 * 24 * UNIT_MS.h;

/**
 * Parses a duration that is waited for.
 * @returns milliseconds
 * @throws HS_USAGE also when a timer cannot run that long
 */
export function parseWait(text: string): number {
  const ms = parseDuration(text);
  if (ms <= LONGEST_WAIT_MS) return ms;
  throw new HairspringError(
    'HS_USAGE',
    `Cannot wait for "${text}": the longest is ${formatDuration(LONGEST_WAIT_MS)}`,
    { hint: `Write ${formatDuration(LONGEST_WAIT_MS)} or less` },
  );
}

/** The shortest text that {@link parseDuration} reads back as `ms`. */
export function formatDuration(ms: number): string {
  if (ms % UNIT_MS.h === 0 && ms > 0) return `${ms / UNIT_MS.h}h`;
  if (ms % UNIT_MS.m === 0 && ms > 0) return `${ms / UNIT_MS.m}m`;
  if (ms % UNIT_MS.s === 0 && ms > 0) return `${ms / UNIT_MS.s}s`;
  return `${ms}ms`;
}

/**
 * Parses `512KiB`, `64MiB`, `1MB`, `100B`.
 * @returns bytes
 * @throws HS_USAGE when the text is not a size
 */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?(B|KiB|MiB|GiB|KB|MB|GB)$/.exec(text);
  if (match === null) {
    throw new HairspringError('HS_USAGE', `Cannot read "${text}" as a size`, {
      hint: 'Write it like 512KiB or 64MiB',
    });
  }
  return Math.round(Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]);
}

/** A size in the largest binary unit that keeps it readable: `64MiB`, `1.5KiB`. */
export function formatBytes(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    if (bytes >= UNIT_BYTES[unit]) return `${Number((bytes / UNIT_BYTES[unit]).toFixed(1))}${unit}`;
  }
  return `${bytes}B`;
}
