import type { Clock, FunctionDefinition } from '../../core/index.ts';

const RETRY_MS = 5_000;
/** Namespaces at once, so that those that take long hold up no other. */
const AT_ONCE = 8;

export interface RetriesOptions {
  readonly clock: Clock;
  readonly waiting: () => readonly FunctionDefinition[];
  /** Has a function that waits served, if that can be by now. Never rejects. */
  readonly retry: (definition: FunctionDefinition) => Promise<void>;
}

/** Tries again and again to serve the functions that wait, one at a time in each namespace: what keeps them may have passed. */
export class Retries implements Disposable {
  readonly #options: RetriesOptions;
  /** Namespaces whose turn has come, and those whose functions are tried. */
  readonly #due = new Set<string>();
  readonly #trying = new Set<string>();
  readonly #stop: () => void;
  #disposed = false;

  constructor(options: RetriesOptions) {
    this.#options = options;
    this.#stop = options.clock.every(RETRY_MS, () => this.#round());
  }

  #round(): void {
    for (const { namespace } of this.#options.waiting()) {
      if (!this.#trying.has(namespace)) this.#due.add(namespace);
    }
    while (this.#due.size > 0 && this.#trying.size < AT_ONCE) void this.#tryNext();
  }

  /** One namespace, and when that is done the next. */
  async #tryNext(): Promise<void> {
    for (const namespace of this.#due) {
      this.#due.delete(namespace);
      this.#trying.add(namespace);
      await this.#tryAll(namespace);
      this.#trying.delete(namespace);
    }
  }

  async #tryAll(namespace: string): Promise<void> {
    const { waiting, retry } = this.#options;
    for (const definition of waiting()) {
      if (this.#disposed) return;
      if (definition.namespace === namespace) await retry(definition);
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#due.clear();
    this.#stop();
  }
}
