/** Takes data folders together with others: for each `[folder, atMs]` says whether it got it. Keeps what it got. */
import { openDataDir } from '../../../src/host/state/data-dir.ts';

process.on('message', (message: readonly [string, number]) => {
  const [path, atMs] = message;
  // Spinning, because a timer would wake the racers one after the other.
  while (Date.now() < atMs);
  process.send?.(tries(path));
});

function tries(path: string): boolean {
  try {
    openDataDir(path);
    return true;
  } catch {
    return false;
  }
}
