import { Buffer, isAscii } from 'node:buffer';
import { Kind, type MsgArg, MsgImpl, Parser, State } from '@nats-io/nats-core/internal';
import type { Msg } from '@nats-io/transport-node';

const LF = 10;
const CR = 13;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;
const H = 72;
const M = 77;
const S = 83;
const G = 71;
const LAST_ASCII = 127;
/** Digits of a number that is taken here; the library's own parser judges longer ones. */
const MAX_DIGITS = 8;
/** Blanks in the control line of the longest verb: HMSG subject sid reply headers size. */
const MAX_BLANKS = 5;

/** A message of the chunk that it came in, with its text read already. */
class WholeFrame implements MsgArg {
  readonly sid: number;
  /** Bytes of the header block; -1 without one. */
  readonly hdr: number;
  readonly size: number;
  readonly subjectText: string;
  /** Empty when nobody waits for a reply. */
  readonly replyText: string;
  /** Undefined when it is not ASCII. */
  readonly payloadText: string | undefined;

  constructor(
    sid: number,
    hdr: number,
    size: number,
    subjectText: string,
    replyText: string,
    payloadText: string | undefined,
  ) {
    this.sid = sid;
    this.hdr = hdr;
    this.size = size;
    this.subjectText = subjectText;
    this.replyText = replyText;
    this.payloadText = payloadText;
  }

  get subject(): Uint8Array {
    return Buffer.from(this.subjectText, 'latin1');
  }

  get reply(): Uint8Array {
    return Buffer.from(this.replyText, 'latin1');
  }
}

/** What the client library keeps of a message. */
interface MessageInternals {
  readonly _msg?: MsgArg;
}

/** The payload of a message as text, where that is known without decoding it: it is ASCII, and there is no BOM. */
export function payloadText(message: Pick<Msg, 'subject'>): string | undefined {
  const { _msg } = message as unknown as MessageInternals;
  return _msg instanceof WholeFrame ? _msg.payloadText : undefined;
}

const parsePiece = Parser.prototype.parse;

/** Where in `chunk` the parser, which is inside a message, may be at the next boundary at the earliest. */
function nextStop(parser: Parser, chunk: Uint8Array, at: number): number {
  if (parser.state === State.MSG_PAYLOAD) {
    const missing = parser.ma.size - (parser.msgBuf?.length ?? 0);
    return Math.min(chunk.length, at + Math.max(missing, 0) + 2);
  }
  const lineEnd = chunk.indexOf(LF, at);
  return lineEnd < 0 ? chunk.length : lineEnd + 1;
}

/** Has the library's own parser go on to the end of what it is in. @returns where that is, or the end of the chunk */
function parseByLibrary(parser: Parser, chunk: Uint8Array, from: number): number {
  let at = from;
  do {
    const stop = nextStop(parser, chunk, at);
    parsePiece.call(parser, chunk.subarray(at, stop));
    at = stop;
  } while (parser.state !== State.OP_START && at < chunk.length);
  return at;
}

/** What has been read at once; its text is made when a message in it is whole. */
class Chunk {
  readonly bytes: Uint8Array;
  #text: string | undefined;
  #isAscii = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A character for each byte. */
  get text(): string {
    if (this.#text === undefined) {
      const { buffer, byteOffset, length } = this.bytes;
      this.#text = Buffer.from(buffer, byteOffset, length).toString('latin1');
      this.#isAscii = isAscii(this.bytes);
    }
    return this.#text;
  }

  /** Known when the text is. */
  get isAscii(): boolean {
    return this.#isAscii;
  }
}

const blanks = new Int32Array(MAX_BLANKS);

/** A decimal number between two places; -1 when it is none, or has more digits than are read here. */
function readNumber(chunk: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > MAX_DIGITS) return -1;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = chunk[at] ?? 0;
    if (digit < ZERO || digit > NINE) return -1;
    value = 10 * value + digit - ZERO;
  }
  return value;
}

/**
 * Reads one message that begins at `at`, if the chunk has all of it and its control line is of the form in which
 * nats-server writes it.
 * @returns where the next one begins; -1 when this one is not for here
 */
function readFrame(parser: Parser, chunk: Chunk, at: number): number {
  const { bytes } = chunk;
  const hasHeaders = bytes[at] === H;
  const verb = hasHeaders ? at + 1 : at;
  if (bytes[verb] !== M || bytes[verb + 1] !== S || bytes[verb + 2] !== G || bytes[verb + 3] !== SPACE)
    return -1;
  let count = 0;
  let end = verb + 3;
  for (; ; end += 1) {
    if (end >= bytes.length) return -1;
    const byte = bytes[end] ?? 0;
    if (byte > SPACE && byte <= LAST_ASCII) continue;
    if (byte === CR) break;
    if (byte !== SPACE || count === MAX_BLANKS) return -1;
    blanks[count] = end;
    count += 1;
  }
  if (bytes[end + 1] !== LF) return -1;
  const sizes = hasHeaders ? 2 : 1;
  // Verb, subject and sid are always there; the reply subject may be.
  if (count !== 2 + sizes && count !== 3 + sizes) return -1;
  const subjectAt = blanks[0] ?? 0;
  const sidAt = blanks[1] ?? 0;
  const thirdAt = blanks[2] ?? 0;
  const sid = readNumber(bytes, sidAt + 1, thirdAt);
  const size = readNumber(bytes, (blanks[count - 1] ?? 0) + 1, end);
  const hdr = hasHeaders ? readNumber(bytes, (blanks[count - 2] ?? 0) + 1, blanks[count - 1] ?? 0) : -1;
  if (sid < 0 || size < 0 || (hasHeaders && (hdr < 0 || hdr > size))) return -1;
  const replyEnd = count === 3 + sizes ? (blanks[3] ?? 0) : 0;
  if (sidAt === subjectAt + 1 || (replyEnd > 0 && replyEnd === thirdAt + 1)) return -1;
  const dataAt = end + 2;
  const dataEnd = dataAt + size;
  if (bytes[dataEnd] !== CR || bytes[dataEnd + 1] !== LF) return -1;
  const { text } = chunk;
  const frame = new WholeFrame(
    sid,
    hdr,
    size,
    text.substring(subjectAt + 1, sidAt),
    replyEnd > 0 ? text.substring(thirdAt + 1, replyEnd) : '',
    chunk.isAscii ? text.substring(hasHeaders ? dataAt + hdr : dataAt, dataEnd) : undefined,
  );
  // Whoever asks meanwhile whether the parser is between two chunks of messages is told that it is not.
  parser.state = State.MSG_END;
  parser.dispatcher.push({ kind: Kind.MSG, msg: frame, data: bytes.subarray(dataAt, dataEnd) });
  parser.state = State.OP_START;
  return dataEnd + 2;
}

function parseChunk(this: Parser, chunk: Uint8Array): void {
  let at = this.state === State.OP_START ? 0 : parseByLibrary(this, chunk, 0);
  if (at >= chunk.length) return;
  const whole = new Chunk(chunk);
  while (at < chunk.length) {
    const next = readFrame(this, whole, at);
    at = next < 0 ? parseByLibrary(this, chunk, at) : next;
  }
}

/** The getter of the library, with the text that a whole frame has put before it. */
function preferText(name: 'subject' | 'reply', textOf: (frame: WholeFrame) => string): void {
  const decode = Object.getOwnPropertyDescriptor(MsgImpl.prototype, name)?.get;
  Object.defineProperty(MsgImpl.prototype, name, {
    configurable: true,
    get(this: MsgImpl): string {
      return this._msg instanceof WholeFrame ? textOf(this._msg) : decode?.call(this);
    },
  });
}

let installed = false;

/**
 * Has all connections of this process read messages that are whole in their chunk at once: one text for the chunk,
 * of which subjects and payloads are slices. The library's parser looks at each byte of a control line twice and
 * makes four views and two decodings of a message; it still reads whatever is not such a message, and decides what
 * is an error (docs/decisions/0024).
 */
export function readWholeFrames(): void {
  if (installed) return;
  installed = true;
  Parser.prototype.parse = parseChunk;
  preferText('subject', ({ subjectText }) => subjectText);
  preferText('reply', ({ replyText }) => replyText);
}
