import type { Instance } from './instance.ts';

/** Messages kept until there is an instance to send them to. */
const MAX_WAITING = 1_000;
/** What a debugger that goes leaves behind would stop the function for nobody. */
const FAREWELL = ['Debugger.disable', 'Runtime.disable', 'Profiler.disable', 'HeapProfiler.disable'];

/** A debugger's end of its connection to one function. */
export class DebuggerLink {
  readonly #listen: (message: string | null) => void;
  readonly #waiting: string[] = [];
  #instance: Instance | undefined;
  #send: ((message: string) => void) | undefined;
  #ended = false;

  /** @param listen hears messages of the Chrome DevTools Protocol, and null when there will be no more */
  constructor(listen: (message: string | null) => void) {
    this.#listen = listen;
  }

  isAttachedTo(instance: Instance): boolean {
    return this.#instance === instance;
  }

  attach(instance: Instance): void {
    this.#instance = instance;
    this.#send = instance.inspect((message) => {
      if (!this.#ended) this.#listen(message);
    });
    if (this.#send === undefined) this.end();
    for (const message of this.#waiting.splice(0)) this.#send?.(message);
  }

  send(message: string): void {
    if (this.#send !== undefined) this.#send(message);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message);
  }

  /** Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const [index, method] of FAREWELL.entries())
      this.#send?.(JSON.stringify({ id: 2 ** 30 + index, method }));
    this.#listen(null);
  }
}
