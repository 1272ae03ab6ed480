import type { HeaderPairs } from './invocation.ts';

/** Headers of a message beyond which the rest is left out. */
export const MAX_HEADERS = 256;
/** Bytes of a header block beyond which none of it is read. */
export const MAX_HEADER_BYTES = 64 * 1024;

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
  while (start >= 2 && start < text.length && pairs.length < MAX_HEADERS) {
    const found = text.indexOf('\r\n', start);
    const end = found === -1 ? text.length : found;
    const colon = text.indexOf(':', start);
    if (colon > start && colon < end) {
      const name = text.slice(start, colon);
      if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(name))
        pairs.push([name, text.slice(colon + 1, end).trim()]);
    }
    start = end + 2;
  }
  return pairs;
}
