import type { Socket } from 'node:net';
import { NatsConnectionImpl, setTransportFactory } from '@nats-io/nats-core/internal';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { readWholeFrames } from '../triggers/index.ts';
import { tolerateHeaders } from './tolerant-headers.ts';
import { type ReadWitness, type WindowPair, WindowReader } from './window-reader.ts';

/** Gets a connected socket from the host, which keeps a duplicate of it. */
export type Dialer = (host: string, port: number) => Promise<Socket>;

/** What the transport tells of the bytes it reads. */
export interface InboundWitness extends ReadWitness {
  startStream(): void;
}

/**
 * The Node transport of nats.js with two differences: the host dials for it, and every chunk is read
 * into memory that outlives the process, and journaled before the client sees it. So nothing that
 * reached this process or its socket is lost with the process. The client library has one kind of transport for all
 * connections of a process: those of any other name than the held one are dialled and read as usual.
 */
class HeldTransport extends NodeTransport {
  readonly #heldName: string;
  readonly #dialer: Dialer;
  readonly #witness: InboundWitness;
  readonly #windows: WindowReader;
  #plain: Socket | undefined;

  constructor(heldName: string, dialer: Dialer, witness: InboundWitness, windows: WindowReader) {
    super();
    this.#heldName = heldName;
    this.#dialer = dialer;
    this.#witness = witness;
    this.#windows = windows;
  }

  get #isHeld(): boolean {
    return this.options.name === this.#heldName;
  }

  override async dial(hp: { hostname: string; port: number }): Promise<Socket> {
    if (!this.#isHeld) return await (super.dial(hp) as Promise<Socket>);
    this.#plain = this.#windows.read(await this.#dialer(hp.hostname, hp.port));
    return this.#plain;
  }

  override setupHandlers(): void {
    if (!this.#isHeld) {
      super.setupHandlers();
      return;
    }
    this.#witness.startStream();
    // TLS takes the reads of the plain socket for itself.
    if (this.socket !== this.#plain)
      this.socket.on('data', (chunk: Uint8Array) => this.#witness.inbound(chunk));
    super.setupHandlers();
  }
}

/** Connects like nats.js's own `connect`, over sockets that the host holds. One connection of a process. */
export async function connectHeld(
  options: ConnectionOptions & { readonly name: string },
  dialer: Dialer,
  witness: InboundWitness,
  windows: WindowPair,
): Promise<NatsConnection> {
  tolerateHeaders();
  readWholeFrames();
  const reader = new WindowReader(windows, witness);
  setTransportFactory({
    factory: () => new HeldTransport(options.name, dialer, witness, reader),
    dnsResolveFn: nodeResolveHost,
  });
  return NatsConnectionImpl.connect(options) as Promise<NatsConnection>;
}

/** Connects over a socket of this process's own; `options.name` is not that of the held connection, which is there. */
export function connectOwn(options: ConnectionOptions): Promise<NatsConnection> {
  return NatsConnectionImpl.connect(options) as Promise<NatsConnection>;
}

interface ConnectionInternals {
  readonly protocol?: {
    readonly parser?: { readonly state?: number };
    readonly outbound?: { size?(): number };
    readonly transport?: {
      isEncrypted?(): boolean;
      readonly socket?: { readonly writableLength?: number };
    };
  };
}

/** Whether the client's parser is between two messages; false when that cannot be told. */
export function isBetweenMessages(connection: NatsConnection | undefined): boolean {
  if (connection === undefined) return true;
  return (connection as unknown as ConnectionInternals).protocol?.parser?.state === 0;
}

/** Whether the kernel has all that was given to the connection; true when that cannot be told. */
export function isAllSent(connection: NatsConnection | undefined): boolean {
  if (connection === undefined) return true;
  const { outbound, transport } = (connection as unknown as ConnectionInternals).protocol ?? {};
  return (outbound?.size?.() ?? 0) === 0 && (transport?.socket?.writableLength ?? 0) === 0;
}

/** Whether nobody but this process can read the connection. */
export function isEncrypted(connection: NatsConnection): boolean {
  return (connection as unknown as ConnectionInternals).protocol?.transport?.isEncrypted?.() ?? false;
}
