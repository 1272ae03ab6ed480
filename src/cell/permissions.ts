import { sep } from 'node:path';

const READ_FLAG = '--allow-fs-read=';

/**
 * Gives up, for good, what loading a cell takes: from here on its main thread reads artifacts and no other file, loads
 * no addon and starts no thread. The watchdog thread keeps what it was started with.
 *
 * Node compares the text of paths: whoever may read below `/proc/self/task` may, by the links there, read every file.
 */
export function dropPermissions(artifactDir: string): void {
  const { permission } = process;
  if (permission === undefined) return;
  for (const scope of ['addon', 'worker']) permission.drop(scope);
  for (const flag of process.execArgv) {
    if (!flag.startsWith(READ_FLAG)) continue;
    const path = flag.slice(READ_FLAG.length);
    if (path !== `${artifactDir}${sep}`) permission.drop('fs.read', path);
  }
}
