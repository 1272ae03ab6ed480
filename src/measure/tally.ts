import type { Histogram } from './histogram.ts';
import { sleep } from './sleep.ts';

const FIRST_WRONG_CHARS = 300;
const DRAIN_POLL_MS = 5;

/** What becomes of the requests of a loop, over whatever transport. */
export class Tally {
  #histogram: Histogram | undefined;
  #wrong = 0;
  #firstWrong: string | undefined;
  #outstanding = 0;

  /** Replies that were not the expected ones. */
  get wrong(): number {
    return this.#wrong;
  }

  /** The beginning of the first of them. */
  get firstWrong(): string | undefined {
    return this.#firstWrong;
  }

  /** Requests that have no reply yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Counts replies into `histogram`, in microseconds, from now on; into none when there is none. */
  recordInto(histogram: Histogram | undefined): void {
    this.#histogram = histogram;
  }

  sent(): void {
    this.#outstanding += 1;
  }

  /** @param sentAt by `performance.now()` */
  replied(sentAt: number): void {
    this.#outstanding -= 1;
    this.#histogram?.record((performance.now() - sentAt) * 1_000);
  }

  /** The reply was not the expected one. */
  refuse(text: () => string): void {
    this.#wrong += 1;
    this.#firstWrong ??= text().slice(0, FIRST_WRONG_CHARS);
  }

  /** Waits for what is under way, for at most `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#outstanding > 0 && performance.now() < deadline) await sleep(DRAIN_POLL_MS);
  }
}
