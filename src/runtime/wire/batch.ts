/**
 * The records that cross between a cell and an isolate. A batch is one JSON array of records laid end
 * to end, without brackets of their own, and beside it the payloads too large to quote.
 *
 * Into the guest: 0 invoke, 1 completion of a host call, 2 abort an invocation, 3 timer fired,
 * 4 timer cancelled, 5 a host call whose answer nobody waits for, 6 invoke within a trace
 * (as 0, and the place in the trace), 7 invoke with nothing new but id and payload (as the last 0 or 6 of
 * the batch, without headers and trace).
 * Out of the guest: 0 reply, 1 error, 2 host call, 3 log, 4 set timer, 5 clear timer, 6 tails done.
 * `guest/records.js` is the other end; `guest-records.ts` reads what comes out.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import type { HairspringError, TraceCarrier } from '../../core/index.ts';
import { idText } from './id-text.ts';

/** Text, bytes, or nothing. */
export type Payload = string | Uint8Array | undefined;

/** A value that travels beside the JSON. */
export type Extra = string | ArrayBuffer;

/** Payloads up to this size are quoted in the JSON. */
export const INLINE_BYTES = 8192;
/** Payloads travelling beside one batch; isolated-vm's callbacks fail at some counts of 255 and more. */
export const MAX_EXTRAS = 100;

export interface EncodedBatch {
  readonly json: string;
  readonly extras: readonly Extra[];
}

/** Collects records into one batch. */
export class BatchEncoder {
  #json = '';
  #extras: Extra[] = [];
  #extraBytes = 0;
  #size = 0;
  /** Of the last invocation of this batch: what the guest gave back must not leave it with another one than ours. */
  #lastSubject: string | undefined;
  #lastTrigger = 0;
  #lastReply = false;
  #lastLeftMs = 0;

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#extras.length >= MAX_EXTRAS;
  }

  /** Bytes of the payloads that travel beside the JSON. */
  get extraBytes(): number {
    return this.#extraBytes;
  }

  #add(record: string): void {
    this.#json += this.#size === 0 ? record : `,${record}`;
    this.#size += 1;
  }

  #payload(data: Uint8Array, known?: string): string {
    if (data.length === 0) return '0,0';
    if (known !== undefined && data.length <= INLINE_BYTES) return `1,${JSON.stringify(known)}`;
    const buffer = data instanceof Buffer ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const text = isUtf8Text(buffer);
    if (data.length <= INLINE_BYTES) {
      return text
        ? `1,${JSON.stringify(buffer.toString('utf8'))}`
        : `2,${JSON.stringify(buffer.toString('latin1'))}`;
    }
    this.#extraBytes += data.length;
    this.#extras.push(text ? buffer.toString('utf8') : copyBuffer(data));
    return `3,${this.#extras.length - 1}`;
  }

  invoke(
    id: number,
    triggerIndex: number,
    subject: string,
    reply: boolean,
    leftMs: number,
    headers: readonly (readonly [string, string])[] | undefined,
    data: Uint8Array,
    text?: string,
    trace?: TraceCarrier,
  ): void {
    const plain = (headers === undefined || headers.length === 0) && trace === undefined;
    const sameSubject = subject === this.#lastSubject;
    const same =
      sameSubject &&
      triggerIndex === this.#lastTrigger &&
      reply === this.#lastReply &&
      leftMs === this.#lastLeftMs;
    if (plain && same) {
      this.#add(`7,${idText(id)},${this.#payload(data, text)}`);
      return;
    }
    this.#lastSubject = subject;
    this.#lastTrigger = triggerIndex;
    this.#lastReply = reply;
    this.#lastLeftMs = leftMs;
    const quoted = sameSubject ? '0' : JSON.stringify(subject);
    const pairs = headers === undefined || headers.length === 0 ? '0' : JSON.stringify(headers.flat());
    const kind = trace === undefined ? 0 : 6;
    const place = trace === undefined ? '' : `,${JSON.stringify([trace.traceparent, trace.tracestate])}`;
    this.#add(
      `${kind},${idText(id)},${triggerIndex},${quoted},${reply ? 1 : 0},${leftMs},${pairs},${this.#payload(data, text)}${place}`,
    );
  }

  completed(callId: number, value: unknown, data: Uint8Array | undefined): void {
    const payload = data === undefined ? '0,0' : this.#payload(data);
    this.#add(`1,${idText(callId)},1,${JSON.stringify(value ?? null)},${payload}`);
  }

  failed(callId: number, error: HairspringError): void {
    const value = JSON.stringify([error.code, error.message, error.info.retryable ? 1 : 0]);
    this.#add(`1,${idText(callId)},0,${value},0,0`);
  }

  /** @param ended whether it has been answered for, so that whatever it still does is ignored */
  abort(id: number, ended: boolean, error: HairspringError): void {
    const reason = JSON.stringify([error.code, error.message, error.info.retryable ? 1 : 0]);
    this.#add(`2,${idText(id)},${ended ? 1 : 0},${reason}`);
  }

  dropped(callId: number): void {
    this.#add(`5,${idText(callId)}`);
  }

  timer(id: number): void {
    this.#add(`3,${idText(id)}`);
  }

  cancelled(timerId: number): void {
    this.#add(`4,${idText(timerId)}`);
  }

  take(): EncodedBatch {
    const batch = { json: `[${this.#json}]`, extras: this.#extras };
    this.#json = '';
    this.#extras = [];
    this.#extraBytes = 0;
    this.#size = 0;
    this.#lastSubject = undefined;
    return batch;
  }
}

function copyBuffer(data: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(data.byteLength);
  new Uint8Array(copy).set(data);
  return copy;
}

/** Valid UTF-8 without a byte order mark, which decoding would swallow. */
function isUtf8Text(buffer: Buffer): boolean {
  if (buffer.length >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) return false;
  return isUtf8(buffer);
}
