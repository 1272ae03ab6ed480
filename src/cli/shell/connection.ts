import { readFile } from 'node:fs/promises';
import {
  type ControlClient,
  connectNats,
  createControlClient,
  type EndpointSources,
  endpointFrom,
} from '../../control/index.ts';
import type { NatsEndpoint } from '../../core/index.ts';
import type { CliEnvironment } from './environment.ts';
import type { GlobalOptions } from './global-options.ts';
import { isOwnServer, withOwnCredentials } from './own-server.ts';

/** A connection of the NATS client, as control makes it. */
export type Connection = Awaited<ReturnType<typeof connectNats>>;

/** A connection and a client of the control plane on it. Disposing closes it; idempotent. */
export interface ControlConnection extends AsyncDisposable {
  readonly nc: Connection;
  readonly client: ControlClient;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** What the NATS CLI finds its way by, too. */
export function natsSources(env: CliEnvironment): EndpointSources {
  return { readFile: (path) => readFile(path, 'utf8'), env: env.variables };
}

/** Where NATS is, by options, environment and contexts. @throws HS_CONTEXT_INVALID */
export function resolveEndpoint(options: Partial<GlobalOptions>, env: CliEnvironment): Promise<NatsEndpoint> {
  const hasOwnAccess = (servers: readonly string[]): Promise<boolean> => isOwnServer(env, servers);
  return endpointFrom(options, { ...natsSources(env), hasOwnAccess });
}

/** As {@link resolveEndpoint}, with credentials for the namespace on a server that this user has started. */
export async function resolveAccess(options: GlobalOptions, env: CliEnvironment): Promise<NatsEndpoint> {
  return await withOwnCredentials(await resolveEndpoint(options, env), options.namespace, env);
}

/** Connects to where the options say. @throws HS_CONTEXT_INVALID, HS_NATS_UNREACHABLE, HS_NATS_REFUSED */
export async function connectControl(
  options: GlobalOptions,
  env: CliEnvironment,
): Promise<ControlConnection> {
  return await connectTo(await resolveAccess(options, env), options, false);
}

/** Connects to `endpoint`; with `reconnect` for commands that go on. @throws HS_NATS_UNREACHABLE, HS_NATS_REFUSED */
export async function connectTo(
  endpoint: NatsEndpoint,
  options: GlobalOptions,
  reconnect: boolean,
): Promise<ControlConnection> {
  const { namespace, timeoutMs } = options;
  const nc = await connectNats(endpoint, {
    name: 'hairspring cli',
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    reconnect,
  });
  try {
    const client = createControlClient(nc, {
      namespace,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return { nc, client, [Symbol.asyncDispose]: () => nc.close() };
  } catch (error) {
    await nc.close();
    throw error;
  }
}
