import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ControlClient } from '../../control/index.ts';
import type { DevFunction } from './dev-function.ts';
import type { NexfileRecord } from './nexfile-record.ts';

/**
 * Undeploys what a session before has deployed from a Nexfile that is gone, or that now says another name. What was
 * deployed by other means stays.
 * @returns the names
 */
export async function removeOrphans(
  client: ControlClient,
  functions: readonly DevFunction[],
  record: NexfileRecord,
): Promise<readonly string[]> {
  const runs = new Map(
    functions.flatMap(({ current, file }) =>
      current === undefined ? [] : [[resolve(file), current.deployed.id] as const],
    ),
  );
  const ours = new Set(runs.values());
  const listed = await client.list();
  const removed: string[] = [];
  for (const { id, name } of listed) {
    const file = record.fileOf(id);
    if (ours.has(id) || file === undefined) continue;
    // What a bad edit keeps from being deployed now still has its file, so its old version may go on.
    if (!runs.has(file) && (await exists(file))) continue;
    await client.undeploy(id);
    removed.push(name);
  }
  const gone = new Set(removed);
  await record.keepOnly(new Set(listed.flatMap(({ id, name }) => (gone.has(name) ? [] : [id]))));
  return removed;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
