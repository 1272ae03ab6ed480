import type { ControlClient } from '../../control/index.ts';
import type { DevFunction } from './dev-function.ts';

/** Undeploys what a session before left on our own server and what has no Nexfile any more; returns the names. */
export async function removeOrphans(
  client: ControlClient,
  functions: readonly DevFunction[],
): Promise<readonly string[]> {
  const ours = new Set(
    functions.flatMap(({ current }) => (current === undefined ? [] : [current.deployed.id])),
  );
  // What a bad edit keeps from being deployed now still has its file, so its old version may go on.
  if (functions.some(({ current }) => current === undefined)) return [];
  const orphans = (await client.list()).filter(({ id }) => !ours.has(id));
  for (const { id } of orphans) await client.undeploy(id);
  return orphans.map(({ name }) => name);
}
