import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import { HairspringError, type NatsEndpoint } from '../core/index.ts';

export interface ConnectOptions {
  /** Shown in the server's connection list. */
  readonly name: string;
  /** For one server to answer. @default 5_000 */
  readonly timeoutMs?: number;
  /** Whether a lost connection comes back by itself, however long it takes. @default true */
  readonly reconnect?: boolean;
  /**
   * Whether it comes back also to a server that refuses the credentials for a while. Otherwise the second refusal ends
   * it, however long ago the first was. @default false
   */
  readonly outlastsRefusal?: boolean;
}

const RECONNECT_WAIT_MS = 500;

/**
 * Connects to the first server of `endpoint` that answers.
 * @throws HS_NATS_UNREACHABLE, HS_NATS_REFUSED, HS_CONTEXT_INVALID for credentials that are none
 */
export async function connectNats(endpoint: NatsEndpoint, options: ConnectOptions): Promise<NatsConnection> {
  const { name, timeoutMs = 5_000, reconnect = true, outlastsRefusal = false } = options;
  const authenticator = authenticatorOf(endpoint);
  const tls = tlsOf(endpoint);
  const connectOptions: NodeConnectionOptions = {
    name,
    timeout: timeoutMs,
    servers: [...endpoint.servers],
    reconnect,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: outlastsRefusal,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(endpoint.user === undefined ? {} : { user: endpoint.user, pass: endpoint.password ?? '' }),
    ...(endpoint.token === undefined ? {} : { token: endpoint.token }),
    ...(tls === undefined ? {} : { tls }),
    ...(endpoint.inboxPrefix === undefined ? {} : { inboxPrefix: endpoint.inboxPrefix }),
  };
  try {
    return await connect(connectOptions);
  } catch (error) {
    throw connectFailure(endpoint, error);
  }
}

function authenticatorOf(endpoint: NatsEndpoint): Authenticator | undefined {
  const encoder = new TextEncoder();
  const { creds, nkeySeed } = endpoint;
  if (creds === undefined && nkeySeed === undefined) return undefined;
  const authenticator =
    creds === undefined
      ? nkeyAuthenticator(encoder.encode(nkeySeed))
      : credsAuthenticator(encoder.encode(creds));
  try {
    // Without a nonce it only decodes; a mistake in the middle of connecting would look like a dead server.
    authenticator();
  } catch (error) {
    const what = creds === undefined ? 'nkey seed' : 'credentials';
    throw new HairspringError('HS_CONTEXT_INVALID', `Cannot connect: the ${what} cannot be decoded`, {
      cause: error,
    });
  }
  return authenticator;
}

function tlsOf(endpoint: NatsEndpoint): NodeConnectionOptions['tls'] {
  const { tlsCa, tlsCert, tlsKey } = endpoint;
  const asked = endpoint.servers.some((server) => server.startsWith('tls://'));
  if (!asked && tlsCa === undefined && tlsCert === undefined && tlsKey === undefined) return undefined;
  return {
    ...(tlsCa === undefined ? {} : { ca: tlsCa }),
    ...(tlsCert === undefined ? {} : { cert: tlsCert }),
    ...(tlsKey === undefined ? {} : { key: tlsKey }),
  };
}

function connectFailure(endpoint: NatsEndpoint, error: unknown): HairspringError {
  const servers = endpoint.servers.map((server) => `"${withoutUserInfo(server)}"`).join(', ');
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    const { credentialsFrom, creds, user, token, nkeySeed } = endpoint;
    const isAnonymous = (creds ?? user ?? token ?? nkeySeed) === undefined;
    const from = credentialsFrom === undefined ? '' : ` from ${credentialsFrom}`;
    const reason = isAnonymous ? 'wants credentials, and there are none' : `refused the credentials${from}`;
    return new HairspringError(
      'HS_NATS_REFUSED',
      `Cannot connect to ${servers}: the server ${reason} (${error.message})`,
      { cause: error },
    );
  }
  const reason = error instanceof Error ? reasonOf(error) : String(error);
  return new HairspringError('HS_NATS_UNREACHABLE', `Cannot connect to ${servers}: ${reason}`, {
    cause: error,
  });
}

function reasonOf(error: Error): string {
  if (error instanceof errors.TimeoutError) return 'no answer in time';
  const unknown = /^getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)$/.exec(error.message)?.[1];
  if (unknown !== undefined) return `the name "${unknown}" is not known here`;
  return error.message === '' ? error.name : error.message;
}

/** A server address without the user and password that it may carry. */
export function withoutUserInfo(server: string): string {
  return server.replace(/^([a-z]+:\/\/)?[^@/]*@/, '$1');
}
