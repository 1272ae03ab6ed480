/** The entries of a directory, in the order in which they were made. */

interface Entry<Node> {
  readonly node: Node;
  readonly number: number;
}

/**
 * Each has a number that none had before it: who reads a directory in parts goes on behind what it has seen, whatever
 * has been removed meanwhile.
 */
export class Entries<Node> {
  readonly #byName = new Map<string, Entry<Node>>();
  #last = 0;

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Node | undefined {
    return this.#byName.get(name)?.node;
  }

  /** The name must be free. */
  add(name: string, node: Node): void {
    this.#last += 1;
    this.#byName.set(name, { node, number: this.#last });
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  *after(number: number): Iterable<readonly [name: string, node: Node, number: number]> {
    for (const [name, entry] of this.#byName)
      if (entry.number > number) yield [name, entry.node, entry.number];
  }
}
