import type { FunctionDefinition } from '../../core/index.ts';
import { RouteTable } from '../http/index.ts';
import type { StoredDefinition } from './definition-store.ts';

/** A function that is deployed and not served by this node. */
interface WaitingFunction {
  readonly definition: FunctionDefinition;
  readonly reason: string;
}

/** The functions that a node knows of: each is served or waits. */
export class KnownFunctions {
  readonly #served = new Map<string, StoredDefinition>();
  readonly #waiting = new Map<string, WaitingFunction>();
  /** Of those that are served. */
  readonly routes = new RouteTable();

  /** How many are served. */
  get size(): number {
    return this.#served.size;
  }

  served(): readonly FunctionDefinition[] {
    return [...this.#served.values()].map(({ definition }) => definition);
  }

  all(): readonly FunctionDefinition[] {
    return [...this.served(), ...this.waiting()];
  }

  waiting(): readonly FunctionDefinition[] {
    return [...this.#waiting.values()].map(({ definition }) => definition);
  }

  /** Undefined when it is not served. */
  get(id: string): StoredDefinition | undefined {
    return this.#served.get(id);
  }

  /** Why it is not served; undefined when it is, or is not known. */
  waitingFor(id: string): string | undefined {
    return this.#waiting.get(id)?.reason;
  }

  has(id: string): boolean {
    return this.#served.has(id) || this.#waiting.has(id);
  }

  find(namespace: string, nameOrId: string): FunctionDefinition | undefined {
    const byId = (this.#served.get(nameOrId) ?? this.#waiting.get(nameOrId))?.definition;
    if (byId !== undefined) return byId.namespace === namespace ? byId : undefined;
    return this.all().find(
      (definition) => definition.namespace === namespace && definition.name === nameOrId,
    );
  }

  /** It is served from now on. */
  serve(stored: StoredDefinition): void {
    const { id } = stored.definition;
    this.#waiting.delete(id);
    this.#served.set(id, stored);
    this.routes.set(stored.definition);
  }

  /** It is not served, for this reason. */
  wait(definition: FunctionDefinition, reason: string): void {
    this.delete(definition.id);
    this.#waiting.set(definition.id, { definition, reason });
  }

  delete(id: string): void {
    this.#waiting.delete(id);
    this.#served.delete(id);
    this.routes.delete(id);
  }
}
