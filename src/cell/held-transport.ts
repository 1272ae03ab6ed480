import type { Socket } from 'node:net';
import { NatsConnectionImpl, setTransportFactory } from '@nats-io/nats-core/internal';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { tolerateHeaders } from './tolerant-headers.ts';

/** Gets a connected socket from the host, which keeps a duplicate of it. */
export type Dialer = (host: string, port: number) => Promise<Socket>;

/** What the transport tells of the bytes it reads. */
export interface InboundWitness {
  startStream(): void;
  inbound(chunk: Uint8Array): void;
}

/**
 * The Node transport of nats.js with two differences: the host dials for it, and every chunk is
 * journaled before the client sees it. So nothing that reached this process or its socket is lost
 * with the process.
 */
class HeldTransport extends NodeTransport {
  readonly #dialer: Dialer;
  readonly #witness: InboundWitness;

  constructor(dialer: Dialer, witness: InboundWitness) {
    super();
    this.#dialer = dialer;
    this.#witness = witness;
  }

  override async dial(hp: { hostname: string; port: number }): Promise<Socket> {
    return this.#dialer(hp.hostname, hp.port);
  }

  override setupHandlers(): void {
    this.#witness.startStream();
    this.socket.on('data', (chunk: Uint8Array) => this.#witness.inbound(chunk));
    super.setupHandlers();
  }
}

/** Connects like nats.js's own `connect`, over sockets that the host holds. */
export async function connectHeld(
  options: ConnectionOptions,
  dialer: Dialer,
  witness: InboundWitness,
): Promise<NatsConnection> {
  tolerateHeaders();
  setTransportFactory({
    factory: () => new HeldTransport(dialer, witness),
    dnsResolveFn: nodeResolveHost,
  });
  return NatsConnectionImpl.connect(options) as Promise<NatsConnection>;
}

interface ConnectionInternals {
  readonly protocol?: { readonly parser?: { readonly state?: number } };
}

/** Whether the client's parser is between two messages; false when that cannot be told. */
export function isBetweenMessages(connection: NatsConnection | undefined): boolean {
  if (connection === undefined) return true;
  return (connection as unknown as ConnectionInternals).protocol?.parser?.state === 0;
}
