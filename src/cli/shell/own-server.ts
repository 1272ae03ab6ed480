import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectNats, createControlClient } from '../../control/index.ts';
import { HairspringError, type Logger, type NatsEndpoint, SYSTEM_NAMESPACE } from '../../core/index.ts';
import type { CliEnvironment } from './environment.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** Where a server that this user has started leaves credentials for the user's tools, by its address. */
function folderOf(env: CliEnvironment, server: string): string | undefined {
  const { hostname, port } = new URL(server);
  if (hostname !== '127.0.0.1' && hostname !== 'localhost') return undefined;
  return join(env.dataDir, 'servers', `127.0.0.1-${port}`);
}

/** Leaves the credentials of the nodes' account for the tools of this user, until disposed. The node runs without that, too. */
export async function announceServer(
  env: CliEnvironment,
  server: string,
  creds: string,
  logger: Logger,
): Promise<AsyncDisposable> {
  const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };
  const folder = folderOf(env, server);
  if (folder === undefined) return nothing;
  try {
    // What a server left behind that had this address before is good for nothing.
    await rm(folder, { recursive: true, force: true });
    await keep(folder, SYSTEM_NAMESPACE, creds);
  } catch (error) {
    const { message } = HairspringError.from(error);
    logger.warn('Commands will not find credentials for this server by themselves', {
      folder,
      error: message,
    });
    return nothing;
  }
  return { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

async function keep(folder: string, namespace: string, creds: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, `${namespace}.creds`), creds, { mode: 0o600 });
}

/**
 * The endpoint with credentials for `namespace`, when it has none of its own and its server is one that this user
 * has started; else as it is. The namespace's account is made where it is missing.
 */
export async function withOwnCredentials(
  endpoint: NatsEndpoint,
  namespace: string,
  env: CliEnvironment,
): Promise<NatsEndpoint> {
  const { servers, creds, user, token, nkeySeed } = endpoint;
  const [server] = servers;
  if (server === undefined || servers.length > 1 || (creds ?? user ?? token ?? nkeySeed) !== undefined)
    return endpoint;
  const folder = folderOf(env, server);
  if (folder === undefined) return endpoint;
  const own = await credentialsIn(folder, namespace);
  if (own !== undefined) return { ...endpoint, creds: own };
  const system = await credentialsIn(folder, SYSTEM_NAMESPACE);
  if (system === undefined) return endpoint;
  const made = await askFor(namespace, { ...endpoint, creds: system });
  if (made === null) return endpoint;
  await keep(folder, namespace, made);
  return { ...endpoint, creds: made };
}

async function credentialsIn(folder: string, namespace: string): Promise<string | undefined> {
  return await readFile(join(folder, `${namespace}.creds`), 'utf8').catch(() => undefined);
}

async function askFor(namespace: string, endpoint: NatsEndpoint): Promise<string | null> {
  const options = { name: 'hairspring cli', timeoutMs: CONNECT_TIMEOUT_MS, reconnect: false };
  const nc = await connectNats(endpoint, options);
  try {
    return await createControlClient(nc, { namespace: SYSTEM_NAMESPACE }).openNamespace(namespace);
  } finally {
    await nc.close();
  }
}
