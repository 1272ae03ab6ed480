import { mkdir, rm } from 'node:fs/promises';
import { HairspringError, NATS_SERVER_VERSIONS } from '../../core/index.ts';
import { findCached, installInCache, makeWorkDir, natsServerFolder } from './cache.ts';
import { takeFetchLock } from './fetch-lock.ts';
import { fetchDebianPackage } from './from-debian.ts';
import { buildWithGo } from './from-go.ts';
import { fetchRelease, PINNED_RELEASE, releaseUrl } from './from-release.ts';
import { findTools } from './tool.ts';
import type {
  FetchContext,
  FindNatsServerOptions,
  FoundNatsServer,
  NatsRelease,
  NatsServerOrigin,
} from './types.ts';
import { checkBinary } from './version.ts';

interface Attempt {
  readonly origin: NatsServerOrigin;
  readonly reason: string;
}

const LABELS = {
  option: '--nats-server',
  path: 'PATH',
  cache: 'cache',
  release: 'official release',
  debian: "Debian's package",
  go: 'go install',
} as const satisfies Record<NatsServerOrigin, string>;

/**
 * Finds a nats-server that is new enough, or fetches one into the cache. In order: the explicit path (and then
 * nothing else), `PATH`, the cache, the pinned official release, Debian's package, `go install`. Safe to call from
 * many processes at once: one fetches, the others wait for it.
 * @throws HS_NATS_SERVER_MISSING with one line for each way that was tried
 * @throws HS_NATS_VERSION when the explicit path is too old
 */
export async function findNatsServer(options: FindNatsServerOptions): Promise<FoundNatsServer> {
  if (options.explicitPath !== undefined) return checkExplicit(options.explicitPath);
  const attempts: Attempt[] = [];
  const local = (await onPath(options, attempts)) ?? (await inCache(options, attempts));
  if (local !== undefined) return local;
  const fetched = await fetchOnce(options, attempts);
  if (fetched !== undefined) return fetched;
  throw allFailed(options, attempts);
}

async function checkExplicit(path: string): Promise<FoundNatsServer> {
  const check = await checkBinary(path);
  if (check.ok) return { path, version: check.version, origin: 'option' };
  throw new HairspringError(
    check.tooOld ? 'HS_NATS_VERSION' : 'HS_NATS_SERVER_MISSING',
    `Cannot use --nats-server "${path}": ${check.reason}`,
    {
      hint: `Name a nats-server of ${NATS_SERVER_VERSIONS.minimum} or newer, or leave --nats-server out to have one fetched`,
    },
  );
}

async function onPath(
  options: FindNatsServerOptions,
  attempts: Attempt[],
): Promise<FoundNatsServer | undefined> {
  const paths = await findTools('nats-server', options.pathVariable);
  if (paths.length === 0) attempts.push({ origin: 'path', reason: 'no nats-server in it' });
  for (const path of paths) {
    const check = await checkBinary(path);
    if (check.ok) return { path, version: check.version, origin: 'path' };
    attempts.push({ origin: 'path', reason: check.reason });
    options.report({ type: 'rejected', origin: 'path', reason: check.reason });
  }
  return undefined;
}

async function inCache(
  options: FindNatsServerOptions,
  attempts: Attempt[],
): Promise<FoundNatsServer | undefined> {
  const cached = await findCached(options.cacheDir);
  if (typeof cached !== 'string') return { ...cached, origin: 'cache' };
  attempts.push({ origin: 'cache', reason: cached });
  return undefined;
}

async function fetchOnce(
  options: FindNatsServerOptions,
  attempts: Attempt[],
): Promise<FoundNatsServer | undefined> {
  if (options.offline === true) {
    for (const origin of ['release', 'debian', 'go'] as const) {
      attempts.push({ origin, reason: 'not tried without the network' });
    }
    return undefined;
  }
  const folder = natsServerFolder(options.cacheDir);
  try {
    await mkdir(folder, { recursive: true });
    await using _lock = await takeFetchLock(folder, (holder) =>
      options.report({ type: 'waiting', detail: `Process ${holder} is fetching nats-server` }),
    );
    const cached = await findCached(options.cacheDir);
    if (typeof cached !== 'string') return { ...cached, origin: 'cache' };
    const workDir = await makeWorkDir(options.cacheDir);
    try {
      return await fetchByAnyWay(options, workDir, attempts);
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  } catch (error) {
    // Ways that fail are noted where they fail; what comes here is the cache folder's.
    attempts.push({ origin: 'cache', reason: `cannot be written: ${HairspringError.from(error).message}` });
    return undefined;
  }
}

async function fetchByAnyWay(
  options: FindNatsServerOptions,
  workDir: string,
  attempts: Attempt[],
): Promise<FoundNatsServer | undefined> {
  const release: NatsRelease = options.release ?? PINNED_RELEASE;
  const { pathVariable, report } = options;
  const context: FetchContext = { workDir, pathVariable, report };
  const ways: readonly (readonly [NatsServerOrigin, () => Promise<string>])[] = [
    ['release', () => fetchRelease(context, release)],
    ['debian', () => fetchDebianPackage(context)],
    ['go', () => buildWithGo(context, release.version)],
  ];
  for (const [origin, fetchBinary] of ways) {
    const result = await fetchBinary().then(checkFetched, (error: unknown) => ({
      ok: false as const,
      reason: HairspringError.from(error).message,
    }));
    if (result.ok) {
      const path = await installInCache(options.cacheDir, result.path, result.version);
      const server: FoundNatsServer = { path, version: result.version, origin };
      report({ type: 'installed', server });
      return server;
    }
    attempts.push({ origin, reason: result.reason });
    report({ type: 'rejected', origin, reason: result.reason });
  }
  return undefined;
}

async function checkFetched(
  path: string,
): Promise<Awaited<ReturnType<typeof checkBinary>> & { readonly path: string }> {
  return { ...(await checkBinary(path)), path };
}

function allFailed(options: FindNatsServerOptions, attempts: readonly Attempt[]): HairspringError {
  const lines = attempts.map(({ origin, reason }) => `\n  ${LABELS[origin]}: ${reason}`).join('');
  const install =
    process.platform === 'darwin'
      ? 'Run `brew install nats-server`'
      : `Unpack ${releaseUrl(options.release ?? PINNED_RELEASE)} (or another from https://nats.io/download)`;
  const cacheTrouble = attempts.some(({ reason }) => reason.startsWith('cannot be written'));
  const hint = cacheTrouble
    ? `Name a folder that can be written with HAIRSPRING_CACHE, or a nats-server with --nats-server PATH`
    : `${install} and put nats-server on PATH, or name it with --nats-server PATH`;
  return new HairspringError(
    'HS_NATS_SERVER_MISSING',
    `Cannot find or fetch nats-server ${NATS_SERVER_VERSIONS.minimum} or newer; tried:${lines}`,
    { hint },
  );
}
