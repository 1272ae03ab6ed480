import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const READ_FLAG = '--allow-fs-read=';

/** Guest scripts below it are read when the first function needs them. */
const OWN_CODE = fileURLToPath(new URL('..', import.meta.url));

/**
 * Gives up, for good, what loading a cell takes: from here on its main thread reads its own code and artifacts and no
 * other file, loads no addon and starts no thread. The watchdog thread keeps what it was started with.
 *
 * Node compares the text of paths: whoever may read below `/proc/self/task` may, by the links there, read every file.
 */
export function dropPermissions(artifactDir: string): void {
  const { permission } = process;
  if (permission === undefined) return;
  for (const scope of ['addon', 'worker']) permission.drop(scope);
  const kept: readonly string[] = [OWN_CODE, `${artifactDir}${sep}`];
  for (const flag of process.execArgv) {
    if (!flag.startsWith(READ_FLAG)) continue;
    const path = flag.slice(READ_FLAG.length);
    if (!kept.includes(path)) permission.drop('fs.read', path);
  }
}
