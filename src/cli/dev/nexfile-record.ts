import { readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { DevFunction } from './dev-function.ts';

/** In the data folder, for the server whose functions are stored beside it. */
const FILE = 'dev-nexfiles.json';

/** By namespace, the Nexfile of each function id. */
const schema = z.record(z.string(), z.record(z.string(), z.string()));

/** Which Nexfile `dev` has deployed each function of a namespace from, over several sessions. */
export interface NexfileRecord {
  /** Absolute path; undefined for what `dev` has not deployed. */
  fileOf(id: string): string | undefined;
  /** Notes what runs now. */
  note(functions: readonly DevFunction[]): Promise<void>;
  /** Forgets what is deployed no more. */
  keepOnly(ids: ReadonlySet<string>): Promise<void>;
}

/** A record that cannot be read counts as empty: then nothing is undeployed for want of its Nexfile. */
export async function openNexfileRecord(dataDir: string, namespace: string): Promise<NexfileRecord> {
  const path = join(dataDir, FILE);
  const all = await readAll(path);
  let own = new Map(Object.entries(all[namespace] ?? {}));

  async function replace(next: ReadonlyMap<string, string>): Promise<void> {
    const isSame = next.size === own.size && [...next].every(([id, file]) => own.get(id) === file);
    own = new Map(next);
    if (isSame) return;
    const text = JSON.stringify({ ...all, [namespace]: Object.fromEntries(own) }, undefined, 2);
    await writeFile(`${path}.new`, `${text}\n`);
    await rename(`${path}.new`, path);
  }

  return {
    fileOf: (id) => own.get(id),
    note: (functions) =>
      replace(
        new Map([
          ...own,
          ...functions.flatMap(({ current, file }) =>
            current === undefined ? [] : [[current.deployed.id, resolve(file)] as const],
          ),
        ]),
      ),
    keepOnly: (ids) => replace(new Map([...own].filter(([id]) => ids.has(id)))),
  };
}

async function readAll(path: string): Promise<z.infer<typeof schema>> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return {};
  }
}
