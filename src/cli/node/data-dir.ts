import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';

/**
 * Makes a data folder where there is none, and keeps it out of git: there are private keys in it. A folder that was
 * there may hold other things, too, and stays as it is.
 * @throws HS_DATA_DIR
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    const made = await mkdir(dataDir, { recursive: true });
    if (made !== undefined) await writeFile(join(dataDir, '.gitignore'), '*\n');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const isFile = code === 'EEXIST' || code === 'ENOTDIR';
    const reason = isFile ? 'a file is in its place' : error instanceof Error ? error.message : String(error);
    throw new HairspringError('HS_DATA_DIR', `Cannot write the data folder "${dataDir}": ${reason}`, {
      cause: error,
    });
  }
}
