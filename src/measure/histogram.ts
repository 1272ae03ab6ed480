/** Buckets per doubling: neighbouring buckets differ by 1.1 %. */
const BUCKETS_PER_DOUBLING = 64;
/** Up to 2^34 µs, about five hours. */
const BUCKETS = 34 * BUCKETS_PER_DOUBLING;

/** Counts latencies in buckets of constant relative width, so that recording one costs nanoseconds. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS + 1);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  record(microseconds: number): void {
    const bucket = Math.min(BUCKETS, Math.round(BUCKETS_PER_DOUBLING * Math.log2(1 + microseconds)));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    if (microseconds > this.#max) this.#max = microseconds;
  }

  /** The value that a share of `fraction` does not pass, to 1.1 %; NaN when nothing was recorded. */
  percentile(fraction: number): number {
    const rank = Math.max(1, Math.ceil(this.#count * fraction));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return Math.min(this.#max, 2 ** (bucket / BUCKETS_PER_DOUBLING) - 1);
    }
    return Number.NaN;
  }
}
