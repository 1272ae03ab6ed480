/** Iteration over pairs, as Web IDL's `iterable<key, value>` has it: what is added meanwhile is seen. */

type Pairs = readonly (readonly [string, unknown])[];

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/** Adds `entries`, `keys`, `values`, `forEach` and the iterator to a class. */
export function definePairIteration<Owner extends object>(
  prototype: Owner,
  tag: string,
  pairsOf: (owner: Owner) => Pairs,
): void {
  class PairIterator {
    #owner: Owner;
    #pick: (pair: readonly [string, unknown]) => unknown;
    #index = 0;
    constructor(owner: Owner, pick: (pair: readonly [string, unknown]) => unknown) {
      this.#owner = owner;
      this.#pick = pick;
    }
    next(): { value: unknown; done: boolean } {
      const pair = pairsOf(this.#owner)[this.#index];
      if (pair === undefined) return { value: undefined, done: true };
      this.#index += 1;
      return { value: this.#pick(pair), done: false };
    }
  }
  Reflect.deleteProperty(PairIterator.prototype, 'constructor');
  Object.defineProperty(PairIterator.prototype, 'next', { enumerable: true });
  Object.defineProperty(PairIterator.prototype, Symbol.toStringTag, {
    value: `${tag} Iterator`,
    configurable: true,
  });
  Object.setPrototypeOf(PairIterator.prototype, IteratorPrototype);

  /** Asks at once, so that a foreign `this` throws here. */
  function iterate(owner: Owner, pick: (pair: readonly [string, unknown]) => unknown): PairIterator {
    pairsOf(owner);
    return new PairIterator(owner, pick);
  }
  const methods = {
    entries(this: Owner) {
      return iterate(this, ([key, value]) => [key, value]);
    },
    keys(this: Owner) {
      return iterate(this, ([key]) => key);
    },
    values(this: Owner) {
      return iterate(this, ([, value]) => value);
    },
    forEach(this: Owner, callback: unknown, self: unknown = undefined) {
      pairsOf(this);
      if (typeof callback !== 'function') throw new TypeError(`${tag}.forEach takes a function`);
      for (let index = 0; ; index += 1) {
        const pair = pairsOf(this)[index];
        if (pair === undefined) return;
        Reflect.apply(callback, self, [pair[1], pair[0], this]);
      }
    },
  };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(prototype, name, { value, enumerable: true, writable: true, configurable: true });
  Object.defineProperty(methods.forEach, 'length', { value: 1 });
  Object.defineProperty(prototype, Symbol.iterator, {
    value: methods.entries,
    writable: true,
    configurable: true,
  });
}
