import { JOURNAL } from '../../core/index.ts';
import type { MessageParser } from './message-parser.ts';

/** What stands behind a payload when another thing follows: the end of its line, and the beginning of that. */
const PAYLOAD_END = /^\r\n(?:H?MSG |P[IO]NG|INFO |\+OK|-ERR)/;
const PAYLOAD_END_BYTES = 7;

/**
 * Parses the bytes that a cell had read last and not put on record, and those that it had not read.
 * @param isAll whether nothing comes behind `unread`
 */
export function parseLastRead(
  parser: MessageParser,
  lastRead: Uint8Array,
  unread: Uint8Array,
  isAll: boolean,
): void {
  parser.parse(lastRead);
  const { missingBytes } = parser;
  if (missingBytes > 0 && !isWhole(missingBytes, unread)) {
    // What is there may be less than the payload; an end within it may be what a sender has written there.
    if (!isAll && unread.length < missingBytes + PAYLOAD_END_BYTES) return;
    parser.parse(new Uint8Array(zerosRead(missingBytes, JOURNAL.windowBytes - lastRead.length, unread)));
  }
  parser.parse(unread);
}

/**
 * Whether the rest of the payload is unread, and no zeros of it were read. It nearly always is, and that comes first:
 * where zeros may be missing, a payload that has the end of a message in it would end there, and hold another message.
 */
function isWhole(missing: number, unread: Uint8Array): boolean {
  return endsPayload(unread, missing) || endsAll(unread, missing);
}

/**
 * How many zeros the last read ended with: they look like the window around them. Only a payload has
 * zeros, so the right number is one that puts the end of the payload where one is: as many as fill the
 * window, else the first end in what follows, else the end of all. Further ends are those of later messages.
 */
function zerosRead(missing: number, room: number, unread: Uint8Array): number {
  const { length } = unread;
  if (room <= missing && (endsPayload(unread, missing - room) || endsAll(unread, missing - room)))
    return room;
  const text = Buffer.from(unread.buffer, unread.byteOffset, length);
  for (
    let at = text.indexOf('\r\n', Math.max(0, missing - room));
    at !== -1 && at <= missing;
    at = text.indexOf('\r\n', at + 1)
  ) {
    if (endsPayload(unread, at)) return missing - at;
  }
  const last = length - 2;
  // Text that has come in part may end with a line; with zeros missing in it, it would go on with one.
  const mayEnd = last === missing || ((last === 0 || unread[0] === 0) && last < missing);
  return mayEnd && missing - last <= room && endsAll(unread, last) ? missing - last : 0;
}

function endsPayload(unread: Uint8Array, at: number): boolean {
  return PAYLOAD_END.test(Buffer.from(unread.subarray(at, at + PAYLOAD_END_BYTES)).toString('latin1'));
}

function endsAll(unread: Uint8Array, at: number): boolean {
  return at === unread.length - 2 && unread[at] === 0x0d && unread[at + 1] === 0x0a;
}
