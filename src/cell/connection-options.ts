import { type Authenticator, type ConnectionOptions, nkeyAuthenticator } from '@nats-io/transport-node';
import type { NatsEndpoint } from '../core/index.ts';
import { credentialsAuthenticator } from './credentials-authenticator.ts';

/**
 * How a cell connects: it comes back for ever, because the server may be restarted at any time.
 * @param current the endpoint with the credentials of the moment, which may be renewed
 */
export function toConnectionOptions(
  current: () => NatsEndpoint,
  name: string,
): ConnectionOptions & { readonly name: string } {
  const endpoint = current();
  const authenticator = authenticatorOf(current);
  const { servers, user, password = '', token, tlsCa, tlsCert, tlsKey, inboxPrefix } = endpoint;
  const tlsFiles = {
    ...(tlsCa === undefined ? {} : { ca: tlsCa }),
    ...(tlsCert === undefined ? {} : { cert: tlsCert }),
    ...(tlsKey === undefined ? {} : { key: tlsKey }),
  };
  const tls = servers.some((server) => server.startsWith('tls://')) || Object.keys(tlsFiles).length > 0;
  return {
    servers: [...servers],
    name,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    pingInterval: 10_000,
    ignoreAuthErrorAbort: true,
    // An error object for every request, made in case it fails, would cost more than the request.
    noAsyncTraces: true,
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    ...(user === undefined ? {} : { user, pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(tls ? { tls: tlsFiles } : {}),
  };
}

function authenticatorOf(current: () => NatsEndpoint): Authenticator | undefined {
  const { creds, nkeySeed } = current();
  if (creds !== undefined) return credentialsAuthenticator(() => current().creds ?? creds);
  if (nkeySeed !== undefined) return nkeyAuthenticator(new TextEncoder().encode(nkeySeed));
  return undefined;
}
