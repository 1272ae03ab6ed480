import { JOURNAL } from '../../core/index.ts';
import type { MessageParser } from './message-parser.ts';

/** What stands behind a payload: the end of its line, and the beginning of another or nothing yet. */
const PAYLOAD_END = /^\r\n(?:$|H?MSG |P[IO]NG|INFO |\+OK|-ERR)/;
const PAYLOAD_END_BYTES = 7;

/** Parses the bytes that a cell had read last and not put on record, and those that it had not read. */
export function parseLastRead(parser: MessageParser, lastRead: Uint8Array, unread: Uint8Array): void {
  parser.parse(lastRead);
  parser.parse(new Uint8Array(zerosRead(parser.missingBytes, JOURNAL.windowBytes - lastRead.length, unread)));
  parser.parse(unread);
}

/**
 * How many zeros the last read ended with: they look like the window around them. Only a payload has
 * zeros, so the right number is one that puts the end of the payload where one is: most likely as many
 * as fill the window, else the fewest.
 */
function zerosRead(missing: number, room: number, unread: Uint8Array): number {
  if (missing === 0) return 0;
  if (room <= missing && endsPayload(unread, missing - room)) return room;
  if (unread.length < missing + 2) return 0; // The message may just not have come to its end.
  for (let zeros = 0; zeros <= Math.min(missing, room); zeros += 1) {
    if (endsPayload(unread, missing - zeros)) return zeros;
  }
  return 0;
}

function endsPayload(unread: Uint8Array, at: number): boolean {
  return PAYLOAD_END.test(Buffer.from(unread.subarray(at, at + PAYLOAD_END_BYTES)).toString('latin1'));
}
