import type { FunctionDefinition, HairspringError } from '../../core/index.ts';
import { RouteTable } from '../http/index.ts';
import type { StoredDefinition } from './definition-store.ts';

/** A function that is deployed and not served by this node. */
interface WaitingFunction {
  readonly stored: StoredDefinition;
  readonly reason: string;
  /** Of the reason, when it is one that somebody can mend. */
  readonly error: HairspringError | undefined;
}

/** The functions that a node knows of: each is served or waits. */
export class KnownFunctions {
  readonly #served = new Map<string, StoredDefinition>();
  readonly #waiting = new Map<string, WaitingFunction>();
  /** Ids by namespace and name. */
  readonly #ids = new Map<string, string>();
  /** Of those that wait as well: what is asked of them can be asked again. */
  readonly routes = new RouteTable();

  /** How many are served. */
  get size(): number {
    return this.#served.size;
  }

  served(): readonly FunctionDefinition[] {
    return [...this.#served.values()].map(({ definition }) => definition);
  }

  waiting(): readonly FunctionDefinition[] {
    return [...this.#waiting.values()].map(({ stored }) => stored.definition);
  }

  all(): readonly FunctionDefinition[] {
    return [...this.served(), ...this.waiting()];
  }

  /** Undefined when it is not served. */
  serving(id: string): FunctionDefinition | undefined {
    return this.#served.get(id)?.definition;
  }

  /** Why it is not served; undefined when it is, or is not known. */
  waitingFor(id: string): string | undefined {
    return this.#waiting.get(id)?.reason;
  }

  /** What went wrong there; undefined also when nothing did, as before it is first tried. */
  waitingError(id: string): HairspringError | undefined {
    return this.#waiting.get(id)?.error;
  }

  has(id: string): boolean {
    return this.#get(id) !== undefined;
  }

  named(namespace: string, name: string): StoredDefinition | undefined {
    return this.#get(this.#ids.get(keyOf({ namespace, name })) ?? '');
  }

  find(namespace: string, nameOrId: string): FunctionDefinition | undefined {
    const byId = this.#get(nameOrId)?.definition;
    if (byId !== undefined) return byId.namespace === namespace ? byId : undefined;
    return this.named(namespace, nameOrId)?.definition;
  }

  #get(id: string): StoredDefinition | undefined {
    return this.#served.get(id) ?? this.#waiting.get(id)?.stored;
  }

  /** It is served from now on. */
  serve(stored: StoredDefinition): void {
    const { definition } = stored;
    this.#waiting.delete(definition.id);
    this.#served.set(definition.id, stored);
    this.#ids.set(keyOf(definition), definition.id);
    this.routes.set(definition);
  }

  /** It is not served, for this reason. */
  wait(stored: StoredDefinition, reason: string, error?: HairspringError): void {
    const { definition } = stored;
    this.#served.delete(definition.id);
    // Each time that it is tried again it waits again.
    const isNew = this.#waiting.get(definition.id)?.stored.definition.version !== definition.version;
    if (isNew) this.routes.set(definition, true);
    this.#waiting.set(definition.id, { stored, reason, error });
    this.#ids.set(keyOf(definition), definition.id);
  }

  delete(definition: Pick<FunctionDefinition, 'id' | 'namespace' | 'name'>): void {
    const { id } = definition;
    this.#waiting.delete(id);
    this.#served.delete(id);
    this.routes.delete(id);
    // Another one may have the name by now.
    if (this.#ids.get(keyOf(definition)) === id) this.#ids.delete(keyOf(definition));
  }
}

function keyOf({ namespace, name }: Pick<FunctionDefinition, 'namespace' | 'name'>): string {
  return `${namespace}.${name}`;
}
