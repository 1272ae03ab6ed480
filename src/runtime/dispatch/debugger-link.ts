import type { Clock } from '../../core/index.ts';
import type { Instance } from './instance.ts';

/** Messages kept until there is an instance to send them to. */
const MAX_WAITING = 1_000;
/** Ids of our own requests are at and above it; their answers are for nobody else. */
const OWN_IDS = 2 ** 30;
/** What a debugger that goes leaves behind would stop the function for nobody. */
const FAREWELL = ['Runtime.disable', 'Profiler.disable', 'HeapProfiler.disable', 'Debugger.disable'];
/**
 * isolated-vm misses a message that comes while the function is about to stop at a breakpoint, until the next
 * one comes. So while answers are due, another message is sent so often.
 */
const NUDGE_MS = 50;
const NUDGE = JSON.stringify({ id: OWN_IDS + FAREWELL.length, method: 'Schema.getDomains' });

const ANSWER = /^\{"id":(\d+)[,}]/;

/** A debugger's end of its connection to one function. */
export class DebuggerLink {
  readonly #listen: (message: string | null) => void;
  readonly #clock: Clock;
  readonly #waiting: string[] = [];
  /** Ids of requests without an answer. */
  readonly #due = new Set<number>();
  #stopNudging: (() => void) | undefined;
  #instance: Instance | undefined;
  #send: ((message: string) => void) | undefined;
  #ended = false;

  /** @param listen hears messages of the Chrome DevTools Protocol, and null when there will be no more */
  constructor(clock: Clock, listen: (message: string | null) => void) {
    this.#clock = clock;
    this.#listen = listen;
  }

  isAttachedTo(instance: Instance): boolean {
    return this.#instance === instance;
  }

  attach(instance: Instance): void {
    this.#instance = instance;
    this.#send = instance.inspect((message) => this.#receive(message));
    if (this.#send === undefined) this.end();
    for (const message of this.#waiting.splice(0)) this.send(message);
  }

  send(message: string): void {
    if (this.#send === undefined) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message);
      return;
    }
    this.#expect(requestId(message));
    this.#send(message);
  }

  #expect(id: number): void {
    if (Number.isNaN(id) || this.#due.size >= MAX_WAITING) return;
    this.#due.add(id);
    this.#stopNudging ??= this.#clock.every(NUDGE_MS, () => {
      if (this.#instance?.disposed === true) this.#settled();
      else this.#send?.(NUDGE);
    });
  }

  #receive(message: string): void {
    const id = Number(ANSWER.exec(message)?.[1] ?? Number.NaN);
    if (this.#due.delete(id) && this.#due.size === 0) this.#settled();
    if (!this.#ended && !(id >= OWN_IDS)) this.#listen(message);
  }

  #settled(): void {
    this.#due.clear();
    this.#stopNudging?.();
    this.#stopNudging = undefined;
  }

  /** Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#settled();
    for (const [index, method] of FAREWELL.entries()) {
      const id = OWN_IDS + index;
      if (this.#send !== undefined) this.#expect(id);
      this.#send?.(JSON.stringify({ id, method }));
    }
    this.#listen(null);
  }
}

/** NaN when it is no request. */
function requestId(message: string): number {
  try {
    const { id } = JSON.parse(message) as { readonly id?: unknown };
    return typeof id === 'number' ? id : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
