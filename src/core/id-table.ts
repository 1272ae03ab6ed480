/** What may be asked of an {@link IdTable} by who does not fill it. */
export interface ReadonlyIdTable<Value> {
  readonly size: number;
  /** The one that has been in it for longest. */
  readonly oldest: Value | undefined;
  get(id: number): Value | undefined;
  has(id: number): boolean;
  /** The oldest that is wanted; at most so many places are looked at. */
  findOldest(isWanted: (value: Value) => boolean, mostPlaces: number): Value | undefined;
  /** From the oldest to the newest; what is taken out meanwhile is passed over. */
  values(): IterableIterator<Value>;
}

const SMALLEST = 16;

/**
 * Whether an id was given out after another: they rise, and may start anew after 2^31 - 1, as long as those in use at
 * one time are not that far apart.
 */
export function isNewerId(id: number, than: number): boolean {
  return (id - than) << 1 > 0;
}

/**
 * What is in progress, by ids that rise: each is newer than the ones before it, save for a few that come back.
 *
 * Where hundreds of thousands of entries come and go each second, a `Map` has a price that is not seen in it: it makes
 * its storage anew every few hundred changes, and the storage that it leaves still points to all that was in it then.
 * Once one of them has grown old, V8 takes what is in each for alive until the next full collection, and moves it to
 * the old generation: a quarter of the processor time of a busy cell. This one clears the place of what is taken out,
 * and keeps its storage.
 */
export class IdTable<Value extends object> implements ReadonlyIdTable<Value> {
  #ids: number[] = new Array<number>(SMALLEST).fill(0);
  #values: (Value | undefined)[] = new Array<undefined>(SMALLEST).fill(undefined);
  /** Place of the oldest, */
  #first = 0;
  /** and the one behind the newest; what was taken out from between leaves gaps. */
  #end = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): Value | undefined {
    return this.#values[this.#first];
  }

  get(id: number): Value | undefined {
    const place = this.#placeOf(id);
    return place === undefined ? undefined : this.#values[place];
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** Puts it in, or in the place of the one with that id. */
  set(id: number, value: Value): void {
    if (this.#end === this.#values.length) this.#makeRoom();
    let place = this.#end;
    if (this.#size > 0 && !isNewerId(id, this.#ids[place - 1] ?? 0))
      place = this.#placeOf(id) ?? this.#openPlace(id);
    else this.#end += 1;
    if (this.#values[place] === undefined) this.#size += 1;
    this.#ids[place] = id;
    this.#values[place] = value;
  }

  /** Moves all that are newer than `id` by one place. @returns the place for it */
  #openPlace(id: number): number {
    let place = this.#end;
    for (; place > this.#first && isNewerId(this.#ids[place - 1] ?? 0, id); place -= 1) {
      this.#ids[place] = this.#ids[place - 1] ?? 0;
      this.#values[place] = this.#values[place - 1];
    }
    this.#values[place] = undefined;
    this.#end += 1;
    return place;
  }

  /** @returns whether it was there */
  delete(id: number): boolean {
    const place = this.#placeOf(id);
    if (place === undefined || this.#values[place] === undefined) return false;
    this.#values[place] = undefined;
    this.#size -= 1;
    if (this.#size === 0) {
      this.#first = 0;
      this.#end = 0;
    } else while (this.#values[this.#first] === undefined) this.#first += 1;
    return true;
  }

  clear(): void {
    this.#values.fill(undefined, this.#first, this.#end);
    this.#first = 0;
    this.#end = 0;
    this.#size = 0;
  }

  findOldest(isWanted: (value: Value) => boolean, mostPlaces: number): Value | undefined {
    const end = Math.min(this.#end, this.#first + mostPlaces);
    for (let place = this.#first; place < end; place += 1) {
      const value = this.#values[place];
      if (value !== undefined && isWanted(value)) return value;
    }
    return undefined;
  }

  *values(): IterableIterator<Value> {
    const ids = this.#ids.slice(this.#first, this.#end);
    for (const id of ids) {
      const value = this.get(id);
      if (value !== undefined) yield value;
    }
  }

  /** The place that the id has, or had. */
  #placeOf(id: number): number | undefined {
    let low = this.#first;
    let high = this.#end - 1;
    // Most are asked for in the order in which they came.
    if (low <= high && this.#ids[low] === id) return low;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#ids[middle] ?? 0;
      if (found === id) return middle;
      if (isNewerId(id, found)) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** Closes the gaps; where there are few of them, takes storage of twice the size. */
  #makeRoom(): void {
    const [ids, values] = [this.#ids, this.#values];
    const isFull = this.#size * 2 > values.length;
    if (isFull) {
      this.#ids = new Array<number>(values.length * 2).fill(0);
      this.#values = new Array<undefined>(values.length * 2).fill(undefined);
    }
    let to = 0;
    for (let from = this.#first; from < this.#end; from += 1) {
      const value = values[from];
      if (value === undefined) continue;
      values[from] = undefined;
      this.#ids[to] = ids[from] ?? 0;
      this.#values[to] = value;
      to += 1;
    }
    this.#first = 0;
    this.#end = to;
  }
}
