import type { Instance } from './instance.ts';

/** Each may hold `limits.memory`, and asks for turns of its own. */
export const MAX_RETIRED = 4;

/** Interrupted and worn out instances of a function: they take nothing new, and still hold invocations. */
export class RetiredInstances {
  /** Oldest first, with the memory of each when it began. */
  readonly #bytes = new Map<Instance, number>();

  get bytes(): number {
    return this.#bytes.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  get hasWork(): boolean {
    return this.all.some((instance) => instance.hasWork);
  }

  get all(): readonly Instance[] {
    return [...this.#bytes.keys()];
  }

  has(instance: Instance): boolean {
    return this.#bytes.has(instance);
  }

  /** @returns the oldest where there are too many now */
  add(instance: Instance): Instance | undefined {
    this.#bytes.set(instance, instance.memoryUse().totalBytes);
    return this.#bytes.size > MAX_RETIRED ? this.#bytes.keys().next().value : undefined;
  }

  delete(instance: Instance): void {
    this.#bytes.delete(instance);
  }
}
