import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, systemClock } from '../../core/index.ts';

const POLL_MS = 100;
const RENEW_MS = 2_000;
/** A holder that has not renewed for so long is gone. */
const STALE_MS = 20_000;

/**
 * Takes the lock file of `folder`, waiting while another live process has it. The lock saves work and is no
 * safeguard: installing is atomic without it, so a lock that a killed process left behind is simply removed.
 */
export async function takeFetchLock(
  folder: string,
  onWait: (holderPid: number) => void,
): Promise<AsyncDisposable> {
  const lock = join(folder, '.lock');
  for (let announced = false; !(await tryCreate(lock)); await systemClock.sleep(POLL_MS)) {
    const holderPid = Number(await readFile(lock, 'utf8').catch(() => ''));
    if ((holderPid > 0 && !isAlive(holderPid)) || (await isStale(lock))) {
      await rm(lock, { force: true });
    } else if (!announced) {
      announced = true;
      onWait(holderPid);
    }
  }
  const stopRenewing = systemClock.every(RENEW_MS, () => {
    const nowS = systemClock.now() / 1000;
    utimes(lock, nowS, nowS).catch(() => undefined);
  });
  return {
    async [Symbol.asyncDispose]() {
      stopRenewing();
      await rm(lock, { force: true });
    },
  };
}

async function tryCreate(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(lock: string): Promise<boolean> {
  const info = await stat(lock).catch(() => undefined);
  return info !== undefined && systemClock.now() - info.mtimeMs > STALE_MS;
}
