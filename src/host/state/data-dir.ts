import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';

export interface DataDir extends Disposable {
  readonly path: string;
  readonly artifactDir: string;
}

/**
 * Makes the data folder and takes it for this process.
 * @throws HS_DATA_DIR when it cannot be written or another node uses it
 */
export function openDataDir(path: string): DataDir {
  const artifactDir = join(path, 'artifacts');
  const lockFile = join(path, 'node.lock');
  try {
    mkdirSync(artifactDir, { recursive: true, mode: 0o700 });
    takeLock(path, lockFile);
  } catch (error) {
    if (HairspringError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HairspringError('HS_DATA_DIR', `Cannot use data folder "${path}": ${reason}`, { cause: error });
  }
  let open = true;
  return {
    path,
    artifactDir,
    [Symbol.dispose]() {
      if (open) rmSync(lockFile, { force: true });
      open = false;
    },
  };
}

function takeLock(path: string, lockFile: string): void {
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readFileSync(lockFile, 'utf8'));
    if (owner !== process.pid && isAlive(owner)) {
      throw new HairspringError(
        'HS_DATA_DIR',
        `Cannot use data folder "${path}": the node with process id ${owner} uses it`,
        {
          hint: 'Stop that node, or choose another folder with --data',
        },
      );
    }
    rmSync(lockFile, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
