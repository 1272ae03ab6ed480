/**
 * The records that cross between a cell and an isolate. A batch is one JSON array of records laid end
 * to end, without brackets of their own, and beside it the payloads too large to quote.
 *
 * Into the guest: 0 invoke, 1 completion of a host call, 2 abort an invocation, 3 timer fired,
 * 4 timer cancelled, 5 a host call whose answer nobody waits for, 6 invoke within a trace
 * (as 0, and the place in the trace).
 * Out of the guest: 0 reply, 1 error, 2 host call, 3 log, 4 set timer, 5 clear timer, 6 tails done.
 * `guest/dispatcher.js` is the other end. What comes out is hostile: it is parsed here, field by field.
 */
import { isUtf8 } from 'node:buffer';
import { HairspringError, type TraceCarrier } from '../../core/index.ts';
import { idText } from './id-text.ts';

/** Text, bytes, or nothing. */
export type Payload = string | Uint8Array | undefined;

/** A value that travels beside the JSON. */
export type Extra = string | ArrayBuffer;

/** Payloads up to this size are quoted in the JSON. */
export const INLINE_BYTES = 8192;
/** Payloads travelling beside one batch; isolated-vm's callbacks fail at some counts of 255 and more. */
export const MAX_EXTRAS = 100;

/** What is kept of an error's text and stack; the guest cuts them too, but may have been patched. */
const MAX_ERROR_CHARS = 2_048;
const MAX_STACK_CHARS = 8_192;
/** Labels, operations and levels are names. */
const MAX_NAME_CHARS = 256;
/** What is kept of a log line. */
const MAX_LINE_CHARS = 8_200;
/** Longer than any argument that a host service takes, and of a header list more than a reply may have. */
const MAX_ARGUMENT_CHARS = 64 * 1024;
const MAX_HEADER_ITEMS = 512;
const MAX_HEADER_CHARS = 64 * 1024;

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
  /** Of this batch: what the guest gave back must not leave it with another one than ours. */
  #lastSubject: string | undefined;

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

  #payload(data: Uint8Array): string {
    if (data.length === 0) return '0,0';
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
    trace?: TraceCarrier,
  ): void {
    const pairs = headers === undefined || headers.length === 0 ? '0' : JSON.stringify(headers.flat());
    const kind = trace === undefined ? 0 : 6;
    const place = trace === undefined ? '' : `,${JSON.stringify([trace.traceparent, trace.tracestate])}`;
    this.#add(
      `${kind},${idText(id)},${triggerIndex},${this.#quotedSubject(subject)},${reply ? 1 : 0},${leftMs},${pairs},${this.#payload(data)}${place}`,
    );
  }

  /** Most messages of a function come on the same subject as the one before: it is sent once in a batch. */
  #quotedSubject(subject: string): string {
    if (subject === this.#lastSubject) return '0';
    this.#lastSubject = subject;
    return JSON.stringify(subject);
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

export type GuestRecord =
  | {
      readonly kind: 'reply';
      readonly id: number;
      readonly tails: number;
      readonly headers: readonly string[];
      readonly payload: Payload;
    }
  | {
      readonly kind: 'error';
      readonly id: number;
      readonly tails: number;
      readonly code: string;
      readonly message: string;
      readonly stack: string;
    }
  | {
      readonly kind: 'call';
      readonly callId: number;
      readonly id: number;
      readonly label: string;
      readonly op: string;
      readonly args: readonly (string | number | null)[];
      readonly payload: Payload;
    }
  | { readonly kind: 'log'; readonly level: string; readonly text: string }
  | {
      readonly kind: 'timer';
      readonly timerId: number;
      readonly delayMs: number;
      /** The invocation that set it as far as the guest knows; 0 for none. */
      readonly ownerId: number;
      /** It may belong to an invocation up to this one: after an `await` the guest cannot tell for sure. */
      readonly newestId: number;
    }
  | { readonly kind: 'clear-timer'; readonly timerId: number }
  | { readonly kind: 'tails-done'; readonly id: number };

function tampered(detail: string): HairspringError {
  return new HairspringError('HS_GUEST_TAMPERED', `Cannot read what the isolate sent: ${detail}`);
}

/**
 * Reads the guest's records one after another.
 * @throws HS_GUEST_TAMPERED at the first field that is not of its form
 */
export function* decodeGuestBatch(json: string, extras: readonly Extra[]): Generator<GuestRecord> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw tampered('it is not JSON');
  }
  if (!Array.isArray(parsed)) throw tampered('it is not an array');
  const fields: readonly unknown[] = parsed;
  let at = 0;
  const integer = (): number => {
    const value = fields[at++];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw tampered('an id is not an integer');
    return value;
  };
  const text = (): string => {
    const value = fields[at++];
    if (typeof value !== 'string') throw tampered('a text is not a string');
    return value;
  };
  const name = (): string => {
    const value = text();
    if (value.length > MAX_NAME_CHARS) throw tampered('a name is too long');
    return value;
  };
  const payload = (): Payload => {
    const kind = fields[at++];
    const value = fields[at++];
    if (kind === 0) return undefined;
    if (kind === 1 && typeof value === 'string') return value;
    if (kind === 2 && typeof value === 'string') return Buffer.from(value, 'latin1');
    const extra = kind === 3 && typeof value === 'number' ? extras[value] : undefined;
    if (typeof extra === 'string') return extra;
    if (extra instanceof ArrayBuffer) return new Uint8Array(extra);
    throw tampered('a payload is neither text nor bytes');
  };
  while (at < fields.length) {
    const kind = fields[at++];
    switch (kind) {
      case 0: {
        const id = integer();
        const tails = integer();
        const headers = fields[at++];
        if (headers !== 0 && !isHeaderList(headers)) throw tampered('headers are not text');
        yield { kind: 'reply', id, tails, headers: headers === 0 ? [] : headers, payload: payload() };
        break;
      }
      case 1:
        yield {
          kind: 'error',
          id: integer(),
          tails: integer(),
          code: name(),
          message: text().slice(0, MAX_ERROR_CHARS),
          stack: text().slice(0, MAX_STACK_CHARS),
        };
        break;
      case 2: {
        const callId = integer();
        const id = integer();
        const label = name();
        const op = name();
        const args = fields[at++];
        if (!isArgs(args)) throw tampered('arguments are not strings or numbers');
        yield { kind: 'call', callId, id, label, op, args, payload: payload() };
        break;
      }
      case 3:
        yield { kind: 'log', level: name(), text: text().slice(0, MAX_LINE_CHARS) };
        break;
      case 4: {
        const timerId = integer();
        const delayMs = fields[at++];
        if (typeof delayMs !== 'number' || !Number.isFinite(delayMs) || delayMs < 0)
          throw tampered('a delay is not a number');
        yield { kind: 'timer', timerId, delayMs, ownerId: integer(), newestId: integer() };
        break;
      }
      case 5:
        yield { kind: 'clear-timer', timerId: integer() };
        break;
      case 6:
        yield { kind: 'tails-done', id: integer() };
        break;
      default:
        throw tampered('a record has no known kind');
    }
  }
}

function isHeaderList(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > MAX_HEADER_ITEMS) return false;
  let chars = 0;
  for (const item of value) {
    if (typeof item !== 'string') return false;
    chars += item.length;
  }
  return chars <= MAX_HEADER_CHARS;
}

function isArgs(value: unknown): value is (string | number | null)[] {
  return (
    Array.isArray(value) &&
    value.length <= 16 &&
    value.every(
      (item) =>
        item === null ||
        typeof item === 'number' ||
        (typeof item === 'string' && item.length <= MAX_ARGUMENT_CHARS),
    )
  );
}
