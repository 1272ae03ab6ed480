import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';

/**
 * Takes a data folder for this process: a second nats-server on it would damage its streams. A lock
 * whose process is gone is taken over.
 * @throws HS_DATA_DIR when another process has it, or when it cannot be written
 */
export async function lockDataDir(dataDir: string): Promise<AsyncDisposable> {
  const file = join(dataDir, 'nats.lock');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await tryCreate(dataDir, file)) return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder > 0 && holder !== process.pid && isAlive(holder)) throw held(dataDir, file, holder);
    await rm(file, { force: true });
  }
  throw new HairspringError(
    'HS_DATA_DIR',
    `Cannot lock the data folder "${dataDir}": others take it again and again`,
  );
}

async function tryCreate(dataDir: string, file: string): Promise<boolean> {
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // mkdir says EEXIST too, where a file is in the place of the folder.
    const isLock = code === 'EEXIST' && error instanceof Error && 'path' in error && error.path === file;
    if (isLock) return false;
    const isFile = code === 'EEXIST' || code === 'ENOTDIR';
    const reason = isFile ? 'a file is in its place' : error instanceof Error ? error.message : String(error);
    throw new HairspringError('HS_DATA_DIR', `Cannot write the data folder "${dataDir}": ${reason}`, {
      cause: error,
    });
  }
}

function held(dataDir: string, file: string, holder: number): HairspringError {
  return new HairspringError(
    'HS_DATA_DIR',
    `Cannot use the data folder "${dataDir}": process ${holder} uses it`,
    {
      hint: `Choose another with --data, or stop that process; if it is no Hairspring, remove "${file}"`,
    },
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
