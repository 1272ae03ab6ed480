import { secretsOf, toSpec } from '../../core/index.ts';
import type { CellSupervisor } from '../cells/index.ts';
import type { SecretShelf } from '../secrets/index.ts';
import type { StoredDefinition } from './definition-store.ts';
import type { KeyLock } from './key-lock.ts';
import type { KnownFunctions } from './known-functions.ts';
import type { Serving } from './serving.ts';

/** Artifacts fetched at once when a node starts without them. */
const FETCH_AT_ONCE = 8;

export interface RestoreOptions {
  readonly serving: Serving;
  readonly functions: KnownFunctions;
  /** By namespace and name. */
  readonly lock: KeyLock;
  readonly cells: CellSupervisor;
  readonly secrets: SecretShelf;
}

/**
 * Serves what is stored when a node starts, each namespace by itself: what cannot be served yet waits, and is the loss
 * of no other. Resolves when each is restored or goes on behind, as its cells die of it.
 */
export async function restoreAll(
  options: RestoreOptions,
  stored: readonly StoredDefinition[],
): Promise<void> {
  const usable = await fetchAll(options.serving, stored);
  const byNamespace = Map.groupBy(usable, ({ definition }) => definition.namespace);
  await Promise.all([...byNamespace].map(([namespace, own]) => restoreNamespace(options, namespace, own)));
}

/** @returns those whose artifacts are here */
async function fetchAll(
  serving: Serving,
  stored: readonly StoredDefinition[],
): Promise<readonly StoredDefinition[]> {
  const queue = [...stored];
  const usable: StoredDefinition[] = [];
  const fetchNext = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      try {
        await serving.fetch(next);
        usable.push(next);
      } catch (error) {
        serving.wait(next, error);
      }
    }
  };
  await Promise.all(Array.from({ length: FETCH_AT_ONCE }, fetchNext));
  return usable;
}

async function restoreNamespace(
  options: RestoreOptions,
  namespace: string,
  stored: readonly StoredDefinition[],
): Promise<void> {
  const { functions, lock } = options;
  for (const one of stored) functions.wait(one, 'It is not restored yet');
  const isPlain = ({ definition }: StoredDefinition): boolean => secretsOf(definition).length === 0;
  const { promise: troubled, resolve: onTrouble } = Promise.withResolvers<void>();
  const restoreOwn = async (): Promise<void> => {
    await restoreTogether(options, namespace, stored.filter(isPlain), onTrouble);
    // One by one: a secret that does not open is the loss of its own functions only.
    for (const one of stored) {
      if (isPlain(one)) continue;
      const { name, id } = one.definition;
      await lock.run(`${namespace}.${name}`, async () => {
        const isKnown = functions.named(namespace, name)?.revision === one.revision;
        // Meanwhile it may be served, and have been replaced or removed.
        if (isKnown && functions.waitingFor(id) !== undefined)
          await restoreTogether(options, namespace, [one], onTrouble);
      });
    }
  };
  await Promise.race([restoreOwn(), troubled]);
}

/** Never rejects: those that cannot be served wait. */
async function restoreTogether(
  { cells, secrets, functions, serving }: RestoreOptions,
  namespace: string,
  stored: readonly StoredDefinition[],
  onTrouble: () => void,
): Promise<void> {
  if (stored.length === 0) return;
  const specs = stored.map(({ definition }) => toSpec(definition));
  try {
    for (const spec of specs) secrets.checkSet(spec);
    if (!(await cells.restore(namespace, specs))) onTrouble();
    for (const one of stored) functions.serve(one);
  } catch (error) {
    for (const one of stored) serving.wait(one, error);
  }
}
