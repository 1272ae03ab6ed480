import { DURATION_BOUNDS_S, type Durations } from '../../core/index.ts';

const BOUNDS_MS = DURATION_BOUNDS_S.map((bound) => bound * 1_000);

function emptyCounts(): number[] {
  return Array.from({ length: BOUNDS_MS.length + 1 }, () => 0);
}

/** Durations by bucket, until they are taken. */
export class DurationCounts {
  #counts = emptyCounts();
  #sumMs = 0;

  add(durationMs: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && durationMs > (BOUNDS_MS[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  take(): Durations {
    const taken = { counts: this.#counts, sumS: this.#sumMs / 1_000 };
    this.#counts = emptyCounts();
    this.#sumMs = 0;
    return taken;
  }
}
