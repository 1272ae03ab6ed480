import type { ColdReason, Invocation } from '../../core/index.ts';

/** An invocation that a function has accepted. */
export interface Flight {
  readonly id: number;
  readonly invocation: Invocation;
  /** What it counts for in the byte budgets. */
  readonly bytes: number;
  /** On the monotonic clock. */
  readonly acceptedMs: number;
  readonly deadlineMs: number;
  answered: boolean;
  /** Host calls that the host still works on. */
  pendingCalls: number;
  coldMs: number | undefined;
  coldReason: ColdReason | undefined;
  /** Armed by it, or inherited. */
  timers: GuestTimer[] | undefined;
}

/** A timer that a guest has set, until it is given back to the guest. */
export interface GuestTimer {
  readonly id: number;
  owner: Flight;
  readonly newestId: number;
  cancelled: boolean;
  stop: () => void;
}

/** A first-in first-out queue whose removal from the front does not move the rest. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  /** Puts `items` before all others, in their order. */
  unshift(items: readonly Item[]): void {
    this.#items.splice(0, this.#head, ...items);
    this.#head = 0;
  }
}
