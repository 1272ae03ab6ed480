import type { Server } from 'node:net';
import { listenError } from './listen-error.ts';

/** An address to listen at; port 0 takes any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Resolves when the server listens.
 * @param action as in `Cannot serve HTTP`
 * @param option that names the address
 * @throws HS_PORT_TAKEN, HS_USAGE when there is no such address
 */
export async function listen(
  server: Server,
  { host, port }: ListenAddress,
  action: string,
  option: string,
): Promise<void> {
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  // It stays: a connection that cannot be accepted later must not end the node.
  server.on('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await listening;
  } catch (cause) {
    server.off('error', reject);
    throw listenError(action, { host, port }, option, cause);
  }
}
