import { Buffer } from 'node:buffer';
import type { NatsConnection } from '@nats-io/transport-node';
import { FrameSender, type LostListener } from './frame-sender.ts';

const outputs = new WeakMap<NatsConnection, ReplyOutput>();

/** Frames are collected up to this size; a larger one goes out by itself. */
const BUFFER_BYTES = 64 * 1024;
/** A reply larger than this is not copied together with others. */
const MAX_COLLECTED_BYTES = 16 * 1024;
/** The verb, two sizes and the ends of lines, at most. */
const HEAD_BYTES = 64;

/** The headers of replies as they are sent. */
export class HeaderBlock {
  readonly text: string;
  readonly bytes: number;
  #payloadBytes = -1;
  #sizes = '';

  constructor(encoded: Uint8Array) {
    this.text = Buffer.from(encoded).toString('utf8');
    this.bytes = encoded.length;
  }

  /** What stands between the reply subject and a payload of this size; replies of a function often have the same. */
  between(payloadBytes: number): string {
    if (payloadBytes !== this.#payloadBytes) {
      this.#payloadBytes = payloadBytes;
      this.#sizes = ` ${this.bytes} ${this.bytes + payloadBytes}\r\n${this.text}`;
    }
    return this.#sizes;
  }
}

/**
 * Collects replies as frames of the NATS protocol, which go out once per turn. The client library builds and keeps
 * several objects for each message that it publishes; replies are most of what a cell sends
 * (docs/decisions/0007). Text is put together as one string and written once: each write costs a call out of V8.
 */
export class ReplyOutput {
  readonly #sender: FrameSender;
  #buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  /** Frames that are not in the buffer yet. */
  #text = '';
  /** What these may take there at most. */
  #textBytes = 0;
  /** How many are collected. */
  #replies = 0;
  #planned = false;

  private constructor(sender: FrameSender) {
    this.#sender = sender;
  }

  /** The one of a connection: replies of all functions go out together. */
  static of(nc: NatsConnection): ReplyOutput {
    let output = outputs.get(nc);
    if (output === undefined) {
      output = new ReplyOutput(new FrameSender(nc));
      outputs.set(nc, output);
    }
    return output;
  }

  /** Has `listener` hear of replies that are lost because too much waits for a connection. */
  onLost(listener: LostListener): void {
    this.#sender.onLost = listener;
  }

  /** What the server takes in one message, headers included; without a connection, what it took last. */
  get maxPayload(): number {
    return this.#sender.maxPayload;
  }

  get isHolding(): boolean {
    return this.#sender.isHolding;
  }

  /** Whether replies wait for the next connection. */
  static isHolding(nc: NatsConnection): boolean {
    return outputs.get(nc)?.isHolding ?? false;
  }

  /** Replies wait for the next connection from now on. */
  hold(): void {
    this.#flush();
    this.#sender.hold();
  }

  /** Publishes to a reply subject, which is a valid one because the server has let it through. */
  publish(reply: string, headers: HeaderBlock, payload: string | Uint8Array): void {
    const bytes = typeof payload === 'string' ? Buffer.byteLength(payload, 'utf8') : payload.length;
    const most = HEAD_BYTES + 3 * reply.length + headers.bytes + bytes;
    if (most > MAX_COLLECTED_BYTES) {
      this.#flush();
      this.#sendAlone(`HPUB ${reply}${headers.between(bytes)}`, payload);
      return;
    }
    if (this.#used + this.#textBytes + most > this.#buffer.length) this.#flush();
    this.#textBytes += most;
    this.#replies += 1;
    if (typeof payload === 'string') this.#text += `HPUB ${reply}${headers.between(bytes)}${payload}\r\n`;
    else {
      this.#text += `HPUB ${reply}${headers.between(bytes)}`;
      this.#writeText();
      this.#buffer.set(payload, this.#used);
      this.#used += bytes;
      this.#text = '\r\n';
      this.#textBytes = HEAD_BYTES;
    }
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(this.#flush);
  }

  #sendAlone(head: string, payload: string | Uint8Array): void {
    const body = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
    this.#sender.send(Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n')]), 1);
  }

  #writeText(): void {
    this.#used += this.#buffer.write(this.#text, this.#used, 'utf8');
    this.#text = '';
    this.#textBytes = 0;
  }

  readonly #flush = (): void => {
    this.#planned = false;
    this.#writeText();
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    // The connection keeps what it is given until it is written, so that part is never used again.
    const rest = this.#buffer.subarray(this.#used);
    this.#buffer = rest.length >= MAX_COLLECTED_BYTES ? rest : Buffer.allocUnsafe(BUFFER_BYTES);
    this.#used = 0;
    const replies = this.#replies;
    this.#replies = 0;
    this.#sender.send(full, replies);
  };
}
