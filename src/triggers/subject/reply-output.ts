import type { NatsConnection } from '@nats-io/transport-node';
import { HairspringError } from '../../core/index.ts';

/** Gives bytes of the NATS protocol to a connection. */
type FrameSender = (frames: Uint8Array) => void;

interface ConnectionInternals {
  readonly protocol?: { sendCommand?: FrameSender };
}

/** The library's own way out, below `publish`. */
function frameSender(nc: NatsConnection): FrameSender {
  const { protocol } = nc as unknown as ConnectionInternals;
  if (typeof protocol?.sendCommand !== 'function') {
    throw new HairspringError('HS_INTERNAL', 'The NATS client is of a version whose output is not known');
  }
  return (frames) => protocol.sendCommand?.(frames);
}

const outputs = new WeakMap<NatsConnection, ReplyOutput>();

/** Frames are collected up to this size; a larger one goes out by itself. */
const BUFFER_BYTES = 64 * 1024;
/** A reply larger than this is not copied together with others. */
const MAX_COLLECTED_BYTES = 16 * 1024;

/**
 * Writes replies as frames of the NATS protocol into one buffer, which goes out once per turn. The
 * client library builds and keeps several objects for each message that it publishes; replies are
 * most of what a cell sends (docs/decisions/0007).
 */
export class ReplyOutput {
  readonly #send: FrameSender;
  #buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #planned = false;

  private constructor(send: FrameSender) {
    this.#send = send;
  }

  /** The one of a connection: replies of all functions go out together. */
  static of(nc: NatsConnection): ReplyOutput {
    let output = outputs.get(nc);
    if (output === undefined) {
      output = new ReplyOutput(frameSender(nc));
      outputs.set(nc, output);
    }
    return output;
  }

  /** Publishes to a reply subject, which is a valid one because the server has let it through. */
  publish(reply: string, headers: Uint8Array, payload: string | Uint8Array): void {
    const bytes = typeof payload === 'string' ? Buffer.byteLength(payload, 'utf8') : payload.length;
    const head = `HPUB ${reply} ${headers.length} ${headers.length + bytes}\r\n`;
    const total = Buffer.byteLength(head, 'utf8') + headers.length + bytes + 2;
    if (total > MAX_COLLECTED_BYTES) {
      this.#flush();
      const body = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
      this.#send(Buffer.concat([Buffer.from(head), headers, body, Buffer.from('\r\n')]));
      return;
    }
    if (this.#used + total > this.#buffer.length) this.#flush();
    let at = this.#used;
    at += this.#buffer.write(head, at, 'utf8');
    this.#buffer.set(headers, at);
    at += headers.length;
    if (typeof payload === 'string') at += this.#buffer.write(payload, at, 'utf8');
    else {
      this.#buffer.set(payload, at);
      at += bytes;
    }
    this.#buffer[at] = 0x0d;
    this.#buffer[at + 1] = 0x0a;
    this.#used = at + 2;
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    this.#planned = false;
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    // The connection keeps what it is given until it is written, so that part is never used again.
    const rest = this.#buffer.subarray(this.#used);
    this.#buffer = rest.length >= MAX_COLLECTED_BYTES ? rest : Buffer.allocUnsafe(BUFFER_BYTES);
    this.#used = 0;
    this.#send(full);
  };
}
