import {
  type Clock,
  type FunctionDefinition,
  HairspringError,
  type Logger,
  secretsOf,
  toSpec,
} from '../../core/index.ts';
import type { CellSupervisor } from '../cells/index.ts';
import type { SecretShelf } from '../secrets/index.ts';
import type { ArtifactCache } from './artifact-cache.ts';
import { DefinitionChanges } from './definition-changes.ts';
import type { DefinitionStore, StoredDefinition } from './definition-store.ts';
import type { KeyLock } from './key-lock.ts';
import type { KnownFunctions } from './known-functions.ts';
import { Retries } from './retries.ts';

/** Artifacts fetched at once when a node starts without them. */
const FETCH_AT_ONCE = 8;

export interface StoredFunctionsOptions {
  readonly store: DefinitionStore;
  readonly cache: ArtifactCache;
  readonly functions: KnownFunctions;
  /** By namespace and name. */
  readonly lock: KeyLock;
  readonly cells: CellSupervisor;
  readonly secrets: SecretShelf;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Has the node serve what is stored: when it starts, and from then on whatever any node stores or removes. */
export class StoredFunctions implements Disposable {
  readonly #options: StoredFunctionsOptions;
  /** Functions that are served no more and finish what they had accepted, by id. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #running = new DisposableStack();

  constructor(options: StoredFunctionsOptions) {
    this.#options = options;
  }

  /**
   * Serves everything that is stored, each namespace by itself: what cannot be served yet is the loss of no other, and
   * is tried again while the node runs.
   */
  async restore(): Promise<void> {
    const { store, functions, clock, logger } = this.#options;
    // First: what is stored while the rest is read is followed.
    const seen = await store.state();
    const stored = await store.all();
    const queue = [...stored];
    const usable: StoredDefinition[] = [];
    const fetchNext = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        try {
          await this.#fetch(next);
          usable.push(next);
        } catch (error) {
          this.#wait(next, error);
        }
      }
    };
    await Promise.all(Array.from({ length: FETCH_AT_ONCE }, fetchNext));
    const byNamespace = Map.groupBy(usable, ({ definition }) => definition.namespace);
    await Promise.all([...byNamespace].map(([namespace, own]) => this.#restoreNamespace(namespace, own)));
    const waiting = (): readonly FunctionDefinition[] => functions.waiting();
    const retry = (definition: FunctionDefinition): Promise<void> => this.#retry(definition);
    this.#running.use(new Retries({ clock, waiting, retry }));
    const keys = stored.map(({ definition }) => `${definition.namespace}.${definition.name}`);
    const follow = (namespace: string, name: string): Promise<void> => this.#follow(namespace, name);
    this.#running.use(new DefinitionChanges({ store, seen, keys, clock, logger, follow }));
  }

  /** Sees to it that the artifact of a function is on this node. @throws HS_ARTIFACT_…, HS_NATS_… */
  async #fetch({ definition, unknown }: StoredDefinition): Promise<void> {
    if (unknown !== undefined)
      throw new HairspringError(
        'HS_INTERNAL',
        'It is stored in a form that this node does not know; another version of Hairspring has stored it',
      );
    await this.#options.cache.ensure(definition.artifact.digest);
  }

  /** Resolves when a namespace is restored, or takes longer because cells die of it: then that goes on behind. */
  async #restoreNamespace(namespace: string, stored: readonly StoredDefinition[]): Promise<void> {
    const { functions, lock } = this.#options;
    for (const one of stored) functions.wait(one, 'It is not restored yet');
    const isPlain = ({ definition }: StoredDefinition): boolean => secretsOf(definition).length === 0;
    const { promise: troubled, resolve: onTrouble } = Promise.withResolvers<void>();
    const restoreAll = async (): Promise<void> => {
      await this.#restoreTogether(namespace, stored.filter(isPlain), onTrouble);
      // One by one: a secret that does not open is the loss of its own functions only.
      for (const one of stored) {
        if (isPlain(one)) continue;
        const { name, id } = one.definition;
        await lock.run(`${namespace}.${name}`, async () => {
          const isKnown = functions.named(namespace, name)?.revision === one.revision;
          // Meanwhile it may be served, and have been replaced or removed.
          if (isKnown && functions.waitingFor(id) !== undefined)
            await this.#restoreTogether(namespace, [one], onTrouble);
        });
      }
    };
    await Promise.race([restoreAll(), troubled]);
  }

  /** Never rejects: those that cannot be served wait. */
  async #restoreTogether(
    namespace: string,
    stored: readonly StoredDefinition[],
    onTrouble: () => void,
  ): Promise<void> {
    if (stored.length === 0) return;
    const { cells, secrets, functions } = this.#options;
    const specs = stored.map(({ definition }) => toSpec(definition));
    try {
      for (const spec of specs) secrets.checkSet(spec);
      if (!(await cells.restore(namespace, specs))) onTrouble();
      for (const one of stored) functions.serve(one);
    } catch (error) {
      for (const one of stored) this.#wait(one, error);
    }
  }

  /** It is logged when the reason is another one than before. */
  #wait(stored: StoredDefinition, error: unknown): void {
    const { functions, logger } = this.#options;
    const { id, name, namespace } = stored.definition;
    const { message } = HairspringError.from(error);
    const isNew = functions.waitingFor(id) !== message;
    functions.wait(stored, message);
    if (isNew) logger.error('A function is not restored', { name, namespace, error: message });
  }

  async #retry({ id, name, namespace }: FunctionDefinition): Promise<void> {
    const { lock, store, functions } = this.#options;
    await lock.run(`${namespace}.${name}`, async () => {
      if (functions.waitingFor(id) === undefined) return;
      // When it cannot be read, what is known of it stays.
      const stored = await store.get(namespace, name).catch(() => undefined);
      if (stored?.definition.id === id) await this.#takeOn(stored);
    });
  }

  /** Does with a function what is stored, whoever has stored it. @throws HS_NATS_… when that cannot be read */
  async #follow(namespace: string, name: string): Promise<void> {
    const { lock, store, functions } = this.#options;
    await lock.run(`${namespace}.${name}`, async () => {
      const stored = await store.get(namespace, name);
      const known = functions.named(namespace, name);
      const isKnown = known !== undefined && known.definition.id === stored?.definition.id;
      if (known !== undefined && !isKnown) void this.leave(known.definition);
      // Of a function that is new here the revision may be that of an earlier one, in another bucket.
      if (stored !== undefined && !(isKnown && known.revision === stored.revision))
        await this.#takeOn(stored);
    });
  }

  /** Serves a function as it is stored. When it cannot be served so, it is not served at all, and waits. */
  async #takeOn(stored: StoredDefinition): Promise<void> {
    const { cells, functions, logger } = this.#options;
    const { id, name, namespace, version } = stored.definition;
    const serving = functions.serving(id);
    if (serving?.version === version && cells.sentenceOf(serving) === undefined) {
      functions.serve(stored);
      return;
    }
    try {
      await this.serve(stored);
      logger.info('A function is served as it is stored', { name, namespace, version });
    } catch (error) {
      if (serving !== undefined) void this.leave(serving);
      this.#wait(stored, error);
    }
  }

  /** Serves a function as it is stored, in the place of its earlier version. @throws why that cannot be done now */
  async serve(stored: StoredDefinition): Promise<void> {
    const { cells, secrets, functions } = this.#options;
    const spec = toSpec(stored.definition);
    if (this.#leaving.has(spec.id))
      throw new HairspringError('HS_DRAINING', 'Its earlier version finishes what it had accepted');
    await this.#fetch(stored);
    secrets.checkSet(spec);
    await cells.restore(spec.namespace, [spec]);
    functions.serve(stored);
  }

  /** Serves a function no more. Resolves when what it had accepted is finished; never rejects. */
  leave(definition: FunctionDefinition): Promise<void> {
    const { cells, functions, logger } = this.#options;
    const { id, name, namespace } = definition;
    functions.delete(definition);
    const left = cells
      .deactivate(definition)
      .catch((error: unknown) => {
        const { message } = HairspringError.from(error);
        logger.error('A function could not be ended', { name, namespace, error: message });
      })
      .finally(() => this.#leaving.delete(id));
    this.#leaving.set(id, left);
    return left;
  }

  /** Resolves when nothing of the function is left of the time before. */
  async left({ id }: Pick<FunctionDefinition, 'id'>): Promise<void> {
    await this.#leaving.get(id);
  }

  /** From now on nothing is followed or tried again. */
  [Symbol.dispose](): void {
    this.#running.dispose();
  }
}
