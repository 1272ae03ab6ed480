import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';

/** A plain connection to the server that is measured. */
export function connectPlain(servers: readonly string[], creds: string | undefined): Promise<NatsConnection> {
  const authenticator = creds === undefined ? undefined : credsAuthenticator(new TextEncoder().encode(creds));
  return connect({ servers: [...servers], ...(authenticator === undefined ? {} : { authenticator }) });
}
