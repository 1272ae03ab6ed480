import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectNats, createControlClient } from '../../control/index.ts';
import {
  HairspringError,
  isRunning,
  type Logger,
  type NatsEndpoint,
  ownIdentity,
  SYSTEM_NAMESPACE,
} from '../../core/index.ts';
import type { CliEnvironment } from './environment.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Of the node that has started the server. */
const PID_FILE = 'node.pid';
/** With what tells the process from another one that has its id later. */
const PID_TEXT = /^(?<id>[1-9]\d*)(?: (?<birth>.+))?$/;

/** Where a server that this user has started leaves credentials for the user's tools, by its address. */
function folderOf(env: CliEnvironment, server: string): string | undefined {
  const { hostname, port } = new URL(server);
  if (hostname !== '127.0.0.1' && hostname !== 'localhost') return undefined;
  return join(env.dataDir, 'servers', `127.0.0.1-${port}`);
}

/** Several servers are none that this user has started. */
function folderOfOne(env: CliEnvironment, [server, ...others]: readonly string[]): string | undefined {
  return server === undefined || others.length > 0 ? undefined : folderOf(env, server);
}

/** Where credentials of a namespace are left. */
function credentialsFile(folder: string, namespace: string): string {
  return join(folder, `${namespace}.creds`);
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
    const { pid, birth = '' } = ownIdentity();
    await writeFile(join(folder, PID_FILE), `${pid} ${birth}`.trim());
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
  await writeFile(credentialsFile(folder, namespace), creds, { mode: 0o600 });
}

/** Whether a node of this user has started the server and runs: there are credentials for it then that no setting names. */
export async function isOwnServer(env: CliEnvironment, servers: readonly string[]): Promise<boolean> {
  const folder = folderOfOne(env, servers);
  if (folder === undefined) return false;
  const text = await readFile(join(folder, PID_FILE), 'utf8').catch(() => '');
  const { id, birth } = PID_TEXT.exec(text)?.groups ?? {};
  return id !== undefined && isRunning({ pid: Number(id), birth });
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
  const kept = await findKept(endpoint, namespace, env);
  if (kept === undefined) return endpoint;
  const access = accessBy(endpoint, kept);
  if (kept.namespace === namespace) return access;
  const made = await askFor(namespace, access);
  if (made === null) return endpoint;
  await keep(kept.folder, namespace, made);
  return accessBy(endpoint, { folder: kept.folder, namespace, creds: made });
}

/** What {@link withKeptCredentials} gives. */
export interface KeptAccess {
  readonly endpoint: NatsEndpoint;
  /** Whether there are credentials of the nodes' account, and none of the namespace. */
  readonly isForeign: boolean;
}

/** As {@link withOwnCredentials}, and nothing is made: where there are none for the namespace those of `system` are taken. */
export async function withKeptCredentials(
  endpoint: NatsEndpoint,
  namespace: string,
  env: CliEnvironment,
): Promise<KeptAccess> {
  const kept = await findKept(endpoint, namespace, env);
  if (kept === undefined) return { endpoint, isForeign: false };
  return { endpoint: accessBy(endpoint, kept), isForeign: kept.namespace !== namespace };
}

interface Kept {
  readonly folder: string;
  readonly creds: string;
  /** `system` when there are none of the namespace that was asked for. */
  readonly namespace: string;
}

function accessBy(endpoint: NatsEndpoint, { folder, namespace, creds }: Kept): NatsEndpoint {
  return { ...endpoint, creds, credentialsFrom: credentialsFile(folder, namespace) };
}

async function findKept(
  { servers, creds, user, token, nkeySeed }: NatsEndpoint,
  namespace: string,
  env: CliEnvironment,
): Promise<Kept | undefined> {
  const folder = folderOfOne(env, servers);
  if (folder === undefined || (creds ?? user ?? token ?? nkeySeed) !== undefined) return undefined;
  for (const each of [namespace, SYSTEM_NAMESPACE]) {
    const found = await credentialsIn(folder, each);
    if (found !== undefined) return { folder, creds: found, namespace: each };
  }
  return undefined;
}

async function credentialsIn(folder: string, namespace: string): Promise<string | undefined> {
  return await readFile(credentialsFile(folder, namespace), 'utf8').catch(() => undefined);
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
