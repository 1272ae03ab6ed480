// @ts-check
// What waits for the host: timers, host calls, invocations in progress.

/**
 * An id is the number of its slot and, above that, how often the slot has been used, begun anew after a
 * few thousand times: together 30 bits, which V8 keeps, and writes as text, without a heap number.
 */
const SLOT_MASK = 2 ** 18 - 1;
const TURN = 2 ** 18;
const ID_MASK = 2 ** 30 - 1;

/**
 * An array that no setter of a guest's can get hold of.
 * @template Item
 * @returns {Item[]}
 */
function bareArray() {
  return /** @type {Item[]} */ (ObjectSetPrototypeOf([], null));
}

/**
 * Things by ids that are given out here. Not a Map: that leaves its table behind whenever it makes a new
 * one, and an old table keeps what it held, and all later tables, alive until the next full collection.
 * @template Item
 */
class SlotTable {
  /** @type {(Item | undefined)[]} */
  #items = bareArray();
  /** @type {number[]} */
  #ids = bareArray();
  /** @type {number[]} */
  #free = bareArray();
  #freeCount = 0;

  get size() {
    return this.#items.length - this.#freeCount;
  }

  /** @param {Item} item */
  add(item) {
    let slot = this.#items.length;
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      slot = /** @type {number} */ (this.#free[this.#freeCount]);
    }
    if (slot > SLOT_MASK) throw new RangeError('Too much waits for the host');
    const last = slot < this.#ids.length ? /** @type {number} */ (this.#ids[slot]) : slot;
    const id = (last + TURN) & ID_MASK || TURN;
    this.#items[slot] = item;
    this.#ids[slot] = id;
    return id;
  }

  /** @param {unknown} id */
  get(id) {
    if (typeof id !== 'number') return undefined;
    const slot = id & SLOT_MASK;
    return this.#ids[slot] === id ? this.#items[slot] : undefined;
  }

  /**
   * @param {unknown} id
   * @returns {Item | undefined} what was there
   */
  take(id) {
    if (typeof id !== 'number') return undefined;
    const slot = id & SLOT_MASK;
    const item = this.#ids[slot] === id ? this.#items[slot] : undefined;
    if (item === undefined) return undefined;
    this.#items[slot] = undefined;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
    return item;
  }
}

/** The invocations in progress, as a ring through this one. @type {GuestInvocation} */
const open = {
  id: 0,
  startedAt: 0,
  leftMs: 0,
  settled: true,
  pendingCalls: 0,
  hostCalls: 0,
  pendingTails: 0,
  origin: 0,
  traced: false,
  newestId: 0,
  abort: undefined,
  before: undefined,
  after: undefined,
};
open.before = open;
open.after = open;

/** @param {GuestInvocation} invocation */
function addOpen(invocation) {
  const last = /** @type {GuestInvocation} */ (open.before);
  invocation.before = last;
  invocation.after = open;
  last.after = invocation;
  open.before = invocation;
}

/** @param {GuestInvocation} invocation */
function removeOpen(invocation) {
  const { before, after } = invocation;
  if (before === undefined || after === undefined) return;
  before.after = after;
  after.before = before;
  // What has grown old must hold on to nothing young.
  invocation.before = undefined;
  invocation.after = undefined;
}

/**
 * Whether it has not ended: it still owes its reply, or promises that were given to waitUntil.
 * @param {GuestInvocation} invocation
 */
function isOpen(invocation) {
  return invocation.before !== undefined;
}

/** @param {number} id */
function findOpen(id) {
  for (let at = open.after; at !== undefined && at !== open; at = at.after) if (at.id === id) return at;
  return undefined;
}

/** @param {(invocation: GuestInvocation) => void} visit is free to remove the one that it is given */
function eachOpen(visit) {
  for (let at = open.after; at !== undefined && at !== open; ) {
    const next = at.after;
    visit(at);
    at = next;
  }
}
