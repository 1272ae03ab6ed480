import type { Socket } from 'node:net';
import { NatsConnectionImpl, setTransportFactory } from '@nats-io/nats-core/internal';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { ReplyOutput, readWholeFrames } from '../triggers/index.ts';
import type { Output } from './sent-replies.ts';
import { tolerateHeaders } from './tolerant-headers.ts';
import { type ReadWindows, type ReadWitness, WindowReader } from './window-reader.ts';

/** Gets a connected socket from the host, which keeps a duplicate of it. */
export type Dialer = (host: string, port: number) => Promise<Socket>;

/** What the transport tells of the bytes that it reads and sends. */
export interface StreamWitness extends ReadWitness {
  startStream(): void;
  /** Something was given to the socket. */
  sent(): void;
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
  readonly #witness: StreamWitness;
  readonly #windows: WindowReader;
  #plain: Socket | undefined;

  constructor(heldName: string, dialer: Dialer, witness: StreamWitness, windows: WindowReader) {
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
    const socket = await this.#dialer(hp.hostname, hp.port);
    // Before its first byte is read, which with TLS is long before the handlers are set up.
    this.#witness.startStream();
    this.#plain = this.#windows.read(socket);
    return this.#plain;
  }

  override setupHandlers(): void {
    if (!this.#isHeld) {
      super.setupHandlers();
      return;
    }
    // TLS takes the reads of the plain socket for itself.
    if (this.socket !== this.#plain)
      this.socket.on('data', (chunk: Uint8Array) => this.#witness.inbound(chunk));
    super.setupHandlers();
  }

  override send(frame: Uint8Array): void {
    super.send(frame);
    if (this.#isHeld) this.#witness.sent();
  }
}

/** Connects like nats.js's own `connect`, over sockets that the host holds. One connection of a process. */
export async function connectHeld(
  options: ConnectionOptions & { readonly name: string },
  dialer: Dialer,
  witness: StreamWitness,
  windows: ReadWindows,
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
      readonly socket?: { readonly writableLength?: number; readonly bytesWritten?: number };
    };
  };
}

/** Whether the client's parser is between two messages; false when that cannot be told. */
export function isBetweenMessages(connection: NatsConnection | undefined): boolean {
  if (connection === undefined) return true;
  return (connection as unknown as ConnectionInternals).protocol?.parser?.state === 0;
}

/** How far the kernel is with what is given to the connection that `current` is at the time. */
export function outputOf(current: () => NatsConnection | undefined): Output {
  const look = () => {
    const { outbound, transport } = (current() as ConnectionInternals | undefined)?.protocol ?? {};
    const waitingBytes = transport?.socket?.writableLength ?? 0;
    // Of a socket with TLS the bytes of one are not those of the other.
    const writtenBytes = transport?.isEncrypted?.() === true ? 0 : (transport?.socket?.bytesWritten ?? 0);
    return { bufferedBytes: outbound?.size?.() ?? 0, waitingBytes, writtenBytes };
  };
  /** What waits for the next connection has no place in this one. */
  const isHolding = (): boolean => {
    const nc = current();
    return nc !== undefined && ReplyOutput.isHolding(nc);
  };
  return {
    isAllSent() {
      const { bufferedBytes, waitingBytes } = look();
      return bufferedBytes === 0 && waitingBytes === 0 && !isHolding();
    },
    givenBytes() {
      const { bufferedBytes, writtenBytes } = look();
      return writtenBytes === 0 || isHolding() ? Number.POSITIVE_INFINITY : writtenBytes + bufferedBytes;
    },
    takenBytes() {
      const { waitingBytes, writtenBytes } = look();
      return writtenBytes - waitingBytes;
    },
  };
}

/** Whether nobody but this process can read the connection. */
export function isEncrypted(connection: NatsConnection): boolean {
  return (connection as unknown as ConnectionInternals).protocol?.transport?.isEncrypted?.() ?? false;
}
