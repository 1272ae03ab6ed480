import type { FunctionSpec } from '../../core/index.ts';
import type { Suspensions } from './suspensions.ts';

/** The functions of a group, and which of them are to be served. */
export class GroupFunctions {
  readonly #specs = new Map<string, FunctionSpec>();
  readonly #suspensions: Suspensions;

  constructor(suspensions: Suspensions) {
    this.#suspensions = suspensions;
  }

  get size(): number {
    return this.#specs.size;
  }

  /** Those that are not suspended. */
  get served(): readonly FunctionSpec[] {
    return [...this.#specs.values()].filter(({ id }) => this.isServed(id));
  }

  has(id: string): boolean {
    return this.#specs.has(id);
  }

  get(id: string): FunctionSpec | undefined {
    return this.#specs.get(id);
  }

  nameOf(id: string): string | undefined {
    return this.#specs.get(id)?.name;
  }

  isServed(id: string): boolean {
    return this.#specs.has(id) && this.#suspensions.reasonOf(id) === undefined;
  }

  add(spec: FunctionSpec): void {
    this.#specs.set(spec.id, spec);
  }

  delete(id: string): void {
    this.#specs.delete(id);
  }

  /** Puts `specs` in the place of their earlier versions, with nothing held against them. @returns takes that back */
  replace(specs: readonly FunctionSpec[]): () => void {
    const earlier = specs.map(({ id }) => this.#specs.get(id));
    const lifted = specs.map(({ id }) => this.#suspensions.lift(id));
    for (const spec of specs) this.add(spec);
    return () => {
      for (const [index, { id }] of specs.entries()) {
        const spec = earlier[index];
        if (spec === undefined) this.delete(id);
        else this.add(spec);
        this.#suspensions.restore(id, lifted[index]);
      }
    };
  }
}
