import { Buffer } from 'node:buffer';
import type { HeaderPairs } from './invocation.ts';

/** Headers of a message beyond which the rest is left out. */
export const MAX_HEADERS = 256;
/** Bytes of a header block beyond which none of it is read. */
export const MAX_HEADER_BYTES = 64 * 1024;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/**
 * Reads a NATS header block (`NATS/1.0\r\nName: value\r\n…\r\n`). The server does not look into it, so
 * it may hold anything: a line that is no header is left out, and the time is linear in the bytes.
 * https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-4.md
 */
export function parseHeaderBlock(block: Uint8Array): HeaderPairs {
  if (block.length > MAX_HEADER_BYTES) return [];
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('utf8');
  const pairs: (readonly [string, string])[] = [];
  let start = text.indexOf('\r\n') + 2;
  // Looked for again only when passed: lines without one would each be a walk to the end.
  let colon = text.indexOf(':', start);
  while (start >= 2 && colon !== -1 && pairs.length < MAX_HEADERS) {
    const found = text.indexOf('\r\n', start);
    const end = found === -1 ? text.length : found;
    if (colon > start && colon < end) {
      const name = text.slice(start, colon);
      if (HEADER_NAME.test(name)) pairs.push([name, text.slice(colon + 1, end).trim()]);
    }
    start = end + 2;
    if (colon < start) colon = text.indexOf(':', start);
  }
  return pairs;
}
