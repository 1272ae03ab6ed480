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

  /** Takes out the items that `wanted` picks, in their order. Looks at each. */
  removeWhere(wanted: (item: Item) => boolean): Item[] {
    const removed: Item[] = [];
    const kept: Item[] = [];
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item !== undefined) (wanted(item) ? removed : kept).push(item);
    }
    this.#items = kept;
    this.#head = 0;
    return removed;
  }

  /** Puts `items` before all others, in their order. */
  unshift(items: readonly Item[]): void {
    // Not as arguments of a call: of a hundred thousand a stack has no room.
    this.#items = [...items, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }
}
