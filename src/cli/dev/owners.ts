import { readManifest } from '../deploy/prepare.ts';
import type { DevFunction } from './dev-function.ts';

/**
 * The file to which each name belongs, by what the Nexfiles say now: who runs under a name comes before who asks for it
 * anew. A Nexfile that cannot be read claims the name that runs.
 */
export async function findOwners(functions: readonly DevFunction[]): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  for (const each of functions) {
    const running = each.current?.deployed.name;
    const name = await readManifest(each.file).then(
      (manifest) => manifest.name,
      () => running,
    );
    if (name !== undefined && (running === name || !owners.has(name))) owners.set(name, each.file);
  }
  return owners;
}

/** Whether another function runs under `id`; a name keeps its id, so that who takes a name over has it too. */
export function isHeldByOther(functions: Iterable<DevFunction>, own: DevFunction, id: string): boolean {
  return [...functions].some((each) => each !== own && each.current?.deployed.id === id);
}
