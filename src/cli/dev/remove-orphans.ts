import { resolve } from 'node:path';
import type { ControlClient } from '../../control/index.ts';
import { exists } from '../shell/exists.ts';
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
  const kept = new Set<string>();
  const removed: string[] = [];
  for (const { id, name } of listed) {
    const file = record.fileOf(id);
    // What a bad edit keeps from being deployed now still has its file, so its old version may go on.
    if (ours.has(id) || file === undefined || (!runs.has(file) && (await exists(file)))) {
      kept.add(id);
      continue;
    }
    await client.undeploy(id);
    removed.push(name);
  }
  await record.keepOnly(kept);
  return removed;
}
