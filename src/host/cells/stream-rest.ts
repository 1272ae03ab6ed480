import type { LastRead } from '../../core/index.ts';
import type { MessageParser } from './message-parser.ts';

/** What stands behind a payload when another thing follows: the end of its line, and the beginning of that. */
const PAYLOAD_END = /^\r\n(?:H?MSG |P[IO]NG|INFO |\+OK|-ERR)/;
const PAYLOAD_END_BYTES = 7;
/** A byte of the fill is one of eight, so that further ones which happen to be the same can be ruled out. */
const MAX_ALIKE_BYTES = 32;

/** What follows the records of a dead cell: the bytes that it had read last, and those that it had not read. */
export class StreamRest {
  readonly #parser: MessageParser;
  readonly #behind: Uint8Array;
  /** What was added while it is not known where the last read had ended; undefined when it is. */
  #waiting: Uint8Array[] | undefined;
  #waitingBytes = 0;

  constructor(parser: MessageParser, { bytes, behind }: LastRead) {
    this.#parser = parser;
    this.#behind = behind;
    parser.parse(bytes);
    if (parser.missingBytes > 0) this.#waiting = [];
  }

  add(unread: Uint8Array): void {
    if (this.#waiting === undefined) {
      this.#parser.parse(unread);
      return;
    }
    this.#waiting.push(unread);
    this.#waitingBytes += unread.length;
    // Before that the payload cannot have ended.
    if (this.#waitingBytes + MAX_ALIKE_BYTES >= this.#parser.missingBytes) this.#settle(false);
  }

  /** Nothing more is added. */
  end(): void {
    this.#settle(true);
  }

  #settle(isAll: boolean): void {
    if (this.#waiting === undefined) return;
    const unread = Buffer.concat(this.#waiting);
    const { missingBytes } = this.#parser;
    const alike = alikeBytes(missingBytes, this.#behind.length, unread);
    // What is there may be less than the payload; an end within it may be what a sender has written there.
    if (alike !== 0 && !isAll && unread.length < missingBytes + PAYLOAD_END_BYTES) {
      this.#waiting = [unread];
      return;
    }
    this.#waiting = undefined;
    this.#parser.parse(this.#behind.subarray(0, alike ?? 0));
    this.#parser.parse(unread);
  }
}

/**
 * How many bytes were read that happen to be those of the fill: the least number that puts the end of the payload
 * where one is. Only a payload has such bytes.
 * @param room behind what was read for certain
 */
function alikeBytes(missing: number, room: number, unread: Uint8Array): number | undefined {
  const most = Math.min(missing, room, MAX_ALIKE_BYTES);
  for (let alike = 0; alike <= most; alike += 1)
    if (endsPayload(unread, missing - alike) || endsAll(unread, missing - alike)) return alike;
  return undefined;
}

function endsPayload(unread: Uint8Array, at: number): boolean {
  return PAYLOAD_END.test(Buffer.from(unread.subarray(at, at + PAYLOAD_END_BYTES)).toString('latin1'));
}

function endsAll(unread: Uint8Array, at: number): boolean {
  return at === unread.length - 2 && unread[at] === 0x0d && unread[at + 1] === 0x0a;
}
