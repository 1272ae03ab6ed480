import type { NatsConnection } from '@nats-io/transport-node';
import { HairspringError, PayloadLimit } from '../../core/index.ts';
import { withinLimit } from './too-large.ts';

/** Past this much that waits for a connection, frames are lost. */
export const MAX_HELD_BYTES = 32 * 1024 ** 2;

/** Hears of replies that are lost, and whether they are the first since there was a connection. */
export type LostListener = (replies: number, isFirst: boolean) => void;

/** What the client library has below `publish`. */
interface Protocol {
  readonly connected?: boolean;
  sendCommand(frames: Uint8Array): void;
}

interface ConnectionInternals {
  readonly protocol?: Partial<Protocol>;
}

function protocolOf(nc: NatsConnection): Protocol {
  const { protocol } = nc as unknown as ConnectionInternals;
  if (typeof protocol?.sendCommand !== 'function') {
    throw new HairspringError('HS_INTERNAL', 'The NATS client is of a version whose output is not known');
  }
  return protocol as Protocol;
}

/**
 * Gives bytes of the NATS protocol to a connection, and keeps them while there is none: the library forgets what it
 * has not sent with each of its attempts to connect.
 */
export class FrameSender {
  readonly #nc: NatsConnection;
  readonly #protocol: Protocol;
  /** Undefined: there is a connection to send over. */
  #held: Uint8Array[] | undefined;
  #heldBytes = 0;
  #isLosing = false;
  readonly #limit: PayloadLimit;
  onLost: LostListener = () => undefined;

  /** @throws HS_INTERNAL when the library is not as it is known here */
  constructor(nc: NatsConnection) {
    this.#nc = nc;
    this.#protocol = protocolOf(nc);
    this.#limit = new PayloadLimit(nc);
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** What the server takes in one message; without a connection, what it took last. */
  get maxPayload(): number {
    return this.#limit.bytes;
  }

  /** @param replies how many are in `frames` */
  send(frames: Uint8Array, replies: number): void {
    if (this.#held === undefined && this.#protocol.connected !== false) this.#protocol.sendCommand(frames);
    else this.#keep(frames, replies);
  }

  #keep(frames: Uint8Array, replies: number): void {
    this.hold();
    if (this.#heldBytes + frames.length > MAX_HELD_BYTES) {
      this.onLost(replies, !this.#isLosing);
      this.#isLosing = true;
      return;
    }
    this.#held?.push(frames);
    this.#heldBytes += frames.length;
  }

  /** Keeps what comes from now on for the next connection. */
  hold(): void {
    if (this.#held !== undefined) return;
    this.#held = [];
    void this.#sendWhenBack();
  }

  async #sendWhenBack(): Promise<void> {
    for await (const { type } of this.#nc.status()) {
      if (type === 'reconnect' && this.#protocol.connected !== false) break;
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#isLosing = false;
    // This server may take less than the last one; it cuts the connection for one message too large.
    const limit = this.maxPayload;
    for (const frames of held)
      this.#protocol.sendCommand(frames.length > limit ? withinLimit(frames, limit) : frames);
  }
}
