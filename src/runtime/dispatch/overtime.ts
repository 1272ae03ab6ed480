/**
 * A call that waits for an entry of so long hardly notices it. Less would send functions away that have large payloads
 * or much to do for each call, and a call in the heavy lane takes half a millisecond more.
 */
export const SHORT_MS = 10;
/** Where others use the same thread, their calls wait for each entry that is under way when they come. */
export const SHORT_BESIDE_OTHERS_MS = 4;
/** Share of the time in which a call may come that waits for longer: its p99 then hardly notices it either. */
const SHARE = 0.01;

/**
 * What the entries of a function take beyond the short ones, less the share of the time that they may: as much as the
 * calls of its neighbours wait for. A call comes at any moment, so an entry of 40 ms among a hundred of 0.1 ms is met
 * as often as its part of the time is, and not as its part of the entries.
 */
export class Overtime {
  readonly #mostMs: number;
  #ms = 0;
  #atMs = 0;

  /** @param mostMs of which it remembers no more, so that it is over some time */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** An entry that is over at `nowMs` took `tookMs`, of which `shortMs` were nobody's loss. */
  add(tookMs: number, shortMs: number, nowMs: number): void {
    const left = Math.max(0, this.#ms - SHARE * (nowMs - this.#atMs));
    this.#ms = Math.min(this.#mostMs, left + Math.max(0, tookMs - shortMs));
    this.#atMs = nowMs;
  }

  forget(): void {
    this.#ms = 0;
  }
}
