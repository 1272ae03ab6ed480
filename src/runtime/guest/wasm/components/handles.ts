/** The handles of one component instance: numbers that stand for resources. */

export interface Handle {
  /** The resource type's place in the plan. */
  readonly resource: number;
  /** What the handle stands for: an object of the host's, or a number of the component that defines it. */
  readonly value: unknown;
  /** Whether dropping the handle is the end of the resource. */
  readonly owned: boolean;
}

export class Handles {
  /** The table's place in the plan. */
  readonly table: number;
  /** 0 is never a handle. */
  readonly #handles: (Handle | undefined)[] = [undefined];
  readonly #free: number[] = [];

  constructor(table: number) {
    this.table = table;
  }

  /** The instance is over, and its numbers begin anew. */
  clear(): void {
    this.#handles.length = 1;
    this.#free.length = 0;
  }

  add(handle: Handle): number {
    const free = this.#free.pop();
    if (free === undefined) return this.#handles.push(handle) - 1;
    this.#handles[free] = handle;
    return free;
  }

  /** @throws TypeError when there is no such handle */
  get(index: number, resource: number): Handle {
    const handle = this.#handles[index];
    if (handle?.resource !== resource)
      throw new TypeError(`The component has no handle ${index} of its type`);
    return handle;
  }

  remove(index: number, resource: number): Handle {
    const handle = this.get(index, resource);
    this.#handles[index] = undefined;
    this.#free.push(index);
    return handle;
  }
}
