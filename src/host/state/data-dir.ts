import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';
import { isTaken, type LockFile, takeLockFile } from './lock-file.ts';

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
  try {
    mkdirSync(artifactDir, { recursive: true, mode: 0o700 });
    const lock = takeLock(path);
    return { path, artifactDir, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (error) {
    if (HairspringError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HairspringError('HS_DATA_DIR', `Cannot use data folder "${path}": ${reason}`, { cause: error });
  }
}

function takeLock(path: string): LockFile {
  const lock = takeLockFile(join(path, 'node.lock'));
  if (isTaken(lock)) return lock;
  throw new HairspringError(
    'HS_DATA_DIR',
    `Cannot use data folder "${path}": the node with process id ${lock.pid} uses it`,
    { hint: 'Stop that node, or choose another folder with --data' },
  );
}
