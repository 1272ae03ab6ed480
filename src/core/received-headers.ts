import { parseHeaderBlock } from './header-block.ts';
import type { HeaderPairs } from './invocation.ts';

/** What nats.js keeps of a message; its header block is the first `hdr` bytes of `_rdata`. */
interface MessageInternals {
  readonly _msg?: { readonly hdr?: number };
  readonly _rdata?: Uint8Array;
}

/** The headers of a message and how many bytes they took on the wire. */
export interface ReceivedHeaders {
  readonly bytes: number;
  /** Undefined when the message has no header block; empty when the block is too large to be read. */
  readonly pairs: HeaderPairs | undefined;
}

const NO_HEADERS: ReceivedHeaders = { bytes: 0, pairs: undefined };

/**
 * Reads the headers of a message without `message.headers`: that one throws on a line that is no
 * header, which ends the client's read loop and with it the connection, and its time is quadratic in
 * the number of names.
 */
export function readHeaders(message: object): ReceivedHeaders {
  const { _msg, _rdata } = message as MessageInternals;
  const bytes = _msg?.hdr ?? -1;
  if (bytes <= 0 || _rdata === undefined) return NO_HEADERS;
  return { bytes, pairs: parseHeaderBlock(_rdata.subarray(0, bytes)) };
}
