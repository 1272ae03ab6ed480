/** A measured time for people: `0.34 ms`, `12 ms`, `1.2 s`. */
export function formatElapsed(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms >= 10 ? Math.round(ms) : Number(ms.toFixed(2))} ms`;
}

/** A measured time for programs, to the microsecond, below which a clock shows nothing but noise. */
export function roundMs(ms: number): number {
  return Number(ms.toFixed(3));
}

/** `3 functions`, `1 function`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The local time of day: `09:05:00`. */
export function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
