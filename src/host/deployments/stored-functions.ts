import type { Clock, FunctionDefinition, Logger } from '../../core/index.ts';
import { DefinitionChanges } from './definition-changes.ts';
import type { DefinitionStore } from './definition-store.ts';
import { type RestoreOptions, restoreAll } from './restore.ts';
import { Retries } from './retries.ts';

export interface StoredFunctionsOptions extends RestoreOptions {
  readonly store: DefinitionStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Has the node serve what is stored: when it starts, and from then on whatever any node stores or removes. */
export class StoredFunctions implements Disposable {
  readonly #options: StoredFunctionsOptions;
  readonly #running = new DisposableStack();

  constructor(options: StoredFunctionsOptions) {
    this.#options = options;
  }

  /** Serves everything that is stored, now and from now on; what cannot be served yet is tried again. */
  async restore(): Promise<void> {
    const { store, functions, clock, logger } = this.#options;
    // First: what is stored while the rest is read is followed.
    const state = await store.state();
    const stored = await store.all();
    // Whoever has read them out may not have had the latest yet.
    const lastRead = stored.reduce((last, { revision }) => Math.max(last, revision), 0);
    const seen = { ...state, lastRevision: Math.min(state.lastRevision, lastRead) };
    await restoreAll(this.#options, stored);
    const waiting = (): readonly FunctionDefinition[] => functions.waiting();
    const retry = (definition: FunctionDefinition): Promise<void> => this.#retry(definition);
    this.#running.use(new Retries({ clock, waiting, retry }));
    const keys = stored.map(({ definition }) => `${definition.namespace}.${definition.name}`);
    const follow = (namespace: string, name: string): Promise<void> => this.#follow(namespace, name);
    this.#running.use(new DefinitionChanges({ store, seen, keys, clock, logger, follow }));
  }

  async #retry({ id, name, namespace }: FunctionDefinition): Promise<void> {
    const { lock, store, functions, serving } = this.#options;
    await lock.run(`${namespace}.${name}`, async () => {
      if (functions.waitingFor(id) === undefined) return;
      // When it cannot be read, what is known of it stays.
      const stored = await store.get(namespace, name).catch(() => undefined);
      if (stored?.definition.id === id) await serving.takeOn(stored);
    });
  }

  /** Does with a function what is stored, whoever has stored it. @throws HS_NATS_… when that cannot be read */
  async #follow(namespace: string, name: string): Promise<void> {
    const { lock, store, functions, serving } = this.#options;
    await lock.run(`${namespace}.${name}`, async () => {
      const stored = await store.get(namespace, name);
      const known = functions.named(namespace, name);
      const isKnown = known !== undefined && known.definition.id === stored?.definition.id;
      if (known !== undefined && !isKnown) void serving.leave(known.definition);
      // Of a function that is new here the revision may be that of an earlier one, in another bucket.
      if (stored !== undefined && !(isKnown && known.revision === stored.revision))
        await serving.takeOn(stored);
    });
  }

  /** From now on nothing is followed or tried again. */
  [Symbol.dispose](): void {
    this.#running.dispose();
  }
}
