import type { Clock, FunctionDefinition } from '../../core/index.ts';

/** From the end of a round to the next. */
const RETRY_MS = 5_000;

export interface RetriesOptions {
  readonly clock: Clock;
  readonly waiting: () => readonly FunctionDefinition[];
  /** Has a function that waits served, if that can be by now. Never rejects. */
  readonly retry: (definition: FunctionDefinition) => Promise<void>;
}

/** Tries again and again to serve the functions that wait, one at a time: what keeps them may have passed. */
export class Retries implements Disposable {
  readonly #options: RetriesOptions;
  #stop: (() => void) | undefined;
  #disposed = false;

  constructor(options: RetriesOptions) {
    this.#options = options;
    this.#plan();
  }

  #plan(): void {
    if (this.#disposed) return;
    this.#stop = this.#options.clock.after(RETRY_MS, () => void this.#round().then(() => this.#plan()));
  }

  async #round(): Promise<void> {
    for (const definition of this.#options.waiting()) {
      if (this.#disposed) return;
      await this.#options.retry(definition);
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#stop?.();
  }
}
