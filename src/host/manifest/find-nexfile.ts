import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';

/** File names that are looked for in a folder, in this order. */
const NEXFILE_NAMES = ['Nexfile', 'Nexfile.yaml', 'Nexfile.yml', 'Nexfile.json'] as const;

/** Entries of one folder that are looked into for the sake of a hint. */
const MAX_LOOKED_INTO = 50;

/**
 * The Nexfile that `path` means: the file itself, or the one in the folder.
 * @throws HS_NEXFILE_MISSING
 */
export async function findNexfile(path: string): Promise<string> {
  if (!(await isFolder(path))) return path;
  const file = await nexfileIn(path);
  if (file === undefined) throw missing(path);
  return file;
}

/**
 * The Nexfiles that `path` means: as {@link findNexfile}, or those in the folders directly below.
 * @throws HS_NEXFILE_MISSING
 */
export async function findNexfiles(path: string): Promise<readonly string[]> {
  if (!(await isFolder(path))) return [path];
  const own = await nexfileIn(path);
  if (own !== undefined) return [own];
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isFile() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map((entry) => entry.name)
    .sort();
  const found = await Promise.all(names.map((name) => nexfileIn(join(path, name))));
  const files = found.filter((file) => file !== undefined);
  if (files.length === 0) throw missing(path, await folderAbove(path, names));
  return files;
}

/** Of the folders `names` in `path` the first one that has folders with Nexfiles, such as `functions`. */
async function folderAbove(path: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names.slice(0, MAX_LOOKED_INTO)) {
    const folder = join(path, name);
    const below = await readdir(folder).catch(() => []);
    for (const each of below.slice(0, MAX_LOOKED_INTO))
      if ((await nexfileIn(join(folder, each))) !== undefined) return folder;
  }
  return undefined;
}

async function nexfileIn(folder: string): Promise<string | undefined> {
  for (const name of NEXFILE_NAMES) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() === true) return file;
  }
  return undefined;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new HairspringError(
      'HS_NEXFILE_MISSING',
      `Cannot find a Nexfile at "${path}": there is no such file or folder`,
      {
        cause,
      },
    );
  }
}

function missing(folder: string, nearest?: string): HairspringError {
  return new HairspringError(
    'HS_NEXFILE_MISSING',
    `Cannot find a Nexfile in "${folder}": looked for ${NEXFILE_NAMES.join(', ')}`,
    nearest === undefined ? {} : { hint: `There are some below "${nearest}": name that folder` },
  );
}
