import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import type { NatsEndpoint } from '../core/index.ts';

/** How a cell connects: it comes back for ever, because the server may be restarted at any time. */
export function toConnectionOptions(endpoint: NatsEndpoint, name: string): ConnectionOptions {
  const authenticator = authenticatorOf(endpoint);
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

function authenticatorOf({ creds, nkeySeed }: NatsEndpoint): Authenticator | undefined {
  const encoder = new TextEncoder();
  if (creds !== undefined) return credsAuthenticator(encoder.encode(creds));
  if (nkeySeed !== undefined) return nkeyAuthenticator(encoder.encode(nkeySeed));
  return undefined;
}
