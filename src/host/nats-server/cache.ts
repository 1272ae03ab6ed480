import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  compareNatsVersions,
  NATS_SERVER_VERSIONS,
  natsServerHas,
  parseNatsVersion,
  systemClock,
} from '../../core/index.ts';
import { checkBinary } from './version.ts';

/** Folder of all that is cached of nats-server. */
export function natsServerFolder(cacheDir: string): string {
  return join(cacheDir, 'nats-server');
}

export interface CachedBinary {
  readonly path: string;
  readonly version: string;
}

/** The newest usable nats-server of the cache, or the reason why there is none. */
export async function findCached(cacheDir: string): Promise<CachedBinary | string> {
  const folder = natsServerFolder(cacheDir);
  const names = await readdir(folder).catch(() => []);
  const versions = names
    .filter((name) => parseNatsVersion(name) === name && natsServerHas(name, NATS_SERVER_VERSIONS.minimum))
    .sort((a, b) => compareNatsVersions(b, a));
  let reason = `"${folder}" holds none`;
  for (const version of versions) {
    const path = cachedPath(cacheDir, version);
    const check = await checkBinary(path);
    if (check.ok) return { path, version: check.version };
    reason = check.reason;
  }
  return reason;
}

const WORK_DIR_PREFIX = '.fetch-';
const LEFTOVER_AGE_MS = 3_600_000;

/** Makes a private folder to fetch into, and removes those that killed processes left behind. */
export async function makeWorkDir(cacheDir: string): Promise<string> {
  const folder = natsServerFolder(cacheDir);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(WORK_DIR_PREFIX)) continue;
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined && systemClock.now() - info.mtimeMs > LEFTOVER_AGE_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
  return mkdtemp(join(folder, WORK_DIR_PREFIX));
}

/** Puts a binary into the cache in one step, so that another process finds it whole or not at all. */
export async function installInCache(cacheDir: string, binary: string, version: string): Promise<string> {
  const path = cachedPath(cacheDir, version);
  const incoming = `${path}.${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await copyFile(binary, incoming);
    await chmod(incoming, 0o755);
    await rename(incoming, path);
  } finally {
    await rm(incoming, { force: true });
  }
  return path;
}

function cachedPath(cacheDir: string, version: string): string {
  return join(natsServerFolder(cacheDir), version, 'nats-server');
}
