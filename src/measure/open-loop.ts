import { Histogram } from './histogram.ts';
import type { OpenSlots, OpenSlotsOf } from './open-slots.ts';
import { startTicker } from './ticker.ts';

export interface OpenLoopOptions {
  /** How requests are sent. */
  readonly open: OpenSlotsOf;
  /** Arrivals in a second, whatever becomes of those before. */
  readonly perSecond: number;
  /** Requests without a reply, at most. An arrival beyond them waits for a place; its latency counts all the same. */
  readonly maxOutstanding: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  /** How long the replies of the last arrivals may take. */
  readonly drainMs: number;
  /** Called when the window begins and when it ends. */
  readonly onWindow?: (edge: 'begin' | 'end') => void;
}

/** What came of the arrivals of the window. */
export interface OpenLoopResult {
  readonly arrivals: number;
  readonly seconds: number;
  /** Good replies that came within the window, in a second. */
  readonly perSecond: number;
  /** In microseconds from the time at which an arrival was due, not from when it could be sent. */
  readonly latencyUs: Histogram;
  /** How late the sender itself was, where it did not have to wait for a place. */
  readonly lagUs: Histogram;
  /** Arrivals that waited for a place. */
  readonly held: number;
  readonly wrong: number;
  readonly firstWrong: string | undefined;
  /** Arrivals without a reply when all was over, those included that never found a place. */
  readonly lost: number;
}

/** Arrivals that are due within so long come at once. */
const GROUP_MS = 0.5;
const POLL_MS = 5;

/**
 * Sends requests by a schedule that is fixed in advance. A slow reply delays no later request, and a request that is
 * sent late has waited since it was due: the omission of which a closed loop cannot help being guilty.
 */
export async function runOpenLoop(options: OpenLoopOptions): Promise<OpenLoopResult> {
  const loop = new OpenLoop(options);
  await loop.run();
  return loop.result();
}

class OpenLoop {
  readonly #options: OpenLoopOptions;
  /** Arrivals that come at once. */
  readonly #groupSize: number;
  readonly #groupMs: number;
  readonly #total: number;
  readonly #firstCounted: number;
  readonly #free: number[];
  /** The arrival that each slot is sent for. */
  readonly #arrivals: Float64Array;
  readonly #latencyUs = new Histogram();
  readonly #lagUs = new Histogram();
  /** Undefined when nothing more is to be sent. */
  #slots: OpenSlots | undefined;
  #startMs = 0;
  #due = 0;
  #sent = 0;
  /** All arrivals before this one that are not sent have been counted as held. */
  #heldUpTo = 0;
  #held = 0;
  #isWindow = false;
  #inWindow = 0;
  #seconds = 0;
  #wrong = 0;
  #firstWrong: string | undefined;

  constructor(options: OpenLoopOptions) {
    const { perSecond, maxOutstanding, warmupMs, windowMs } = options;
    this.#options = options;
    this.#groupSize = Math.max(1, Math.ceil((perSecond * GROUP_MS) / 1_000));
    this.#groupMs = (this.#groupSize * 1_000) / perSecond;
    this.#firstCounted = Math.ceil(warmupMs / this.#groupMs) * this.#groupSize;
    this.#total = this.#firstCounted + Math.max(1, Math.round(windowMs / this.#groupMs)) * this.#groupSize;
    this.#free = Array.from({ length: maxOutstanding }, (_, slot) => slot);
    this.#arrivals = new Float64Array(maxOutstanding);
  }

  async run(): Promise<void> {
    const { open, maxOutstanding, windowMs, drainMs, onWindow } = this.#options;
    await using slots = await open(maxOutstanding, (slot, wrong) => this.#onReply(slot, wrong));
    this.#slots = slots;
    this.#startMs = performance.now() + this.#groupMs;
    await using _ticker = await startTicker(this.#groupMs, () => this.#tick());
    await until(() => performance.now() >= this.#dueMs(this.#firstCounted));
    const beganMs = performance.now();
    onWindow?.('begin');
    this.#isWindow = true;
    await new Promise((resolve) => setTimeout(resolve, windowMs));
    this.#isWindow = false;
    onWindow?.('end');
    this.#seconds = (performance.now() - beganMs) / 1_000;
    const deadlineMs = performance.now() + drainMs;
    await until(() => this.#isOver || performance.now() >= deadlineMs);
    this.#slots = undefined;
  }

  result(): OpenLoopResult {
    const arrivals = this.#total - this.#firstCounted;
    return {
      arrivals,
      seconds: this.#seconds,
      perSecond: this.#inWindow / this.#seconds,
      latencyUs: this.#latencyUs,
      lagUs: this.#lagUs,
      held: this.#held,
      wrong: this.#wrong,
      firstWrong: this.#firstWrong,
      lost: arrivals - this.#latencyUs.count,
    };
  }

  get #isOver(): boolean {
    return this.#sent === this.#total && this.#free.length === this.#options.maxOutstanding;
  }

  #dueMs(arrival: number): number {
    return this.#startMs + Math.floor(arrival / this.#groupSize) * this.#groupMs;
  }

  #tick(): void {
    const groups = Math.floor((performance.now() - this.#startMs) / this.#groupMs) + 1;
    this.#due = Math.min(this.#total, Math.max(0, groups) * this.#groupSize);
    this.#sendDue();
    const waiting = this.#due - Math.max(this.#sent, this.#heldUpTo, this.#firstCounted);
    if (waiting > 0) this.#held += waiting;
    if (this.#sent < this.#due) this.#heldUpTo = this.#due;
  }

  #sendDue(): void {
    const slots = this.#slots;
    while (slots !== undefined && this.#sent < this.#due) {
      const slot = this.#free.pop();
      if (slot === undefined) return;
      const arrival = this.#sent;
      this.#sent += 1;
      this.#arrivals[slot] = arrival;
      if (arrival >= this.#firstCounted && arrival >= this.#heldUpTo)
        this.#lagUs.record((performance.now() - this.#dueMs(arrival)) * 1_000);
      slots.send(slot);
    }
  }

  #onReply(slot: number, wrong: string | undefined): void {
    const arrival = this.#arrivals[slot] ?? 0;
    this.#free.push(slot);
    if (wrong !== undefined) {
      this.#wrong += 1;
      this.#firstWrong ??= wrong;
    } else if (this.#isWindow) this.#inWindow += 1;
    if (arrival >= this.#firstCounted)
      this.#latencyUs.record((performance.now() - this.#dueMs(arrival)) * 1_000);
    this.#sendDue();
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
