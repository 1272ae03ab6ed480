import { MsgHdrsImpl, MsgImpl } from '@nats-io/nats-core/internal';
import { parseHeaderBlock } from '../core/index.ts';

/** A status line is far shorter. */
const MAX_STATUS_BYTES = 256;

/**
 * Replaces, in this process, the way in which nats.js reads the headers of a message. Its own throws on
 * a line that is no header, and it is used inside the read loop for replies as well: an entry of a
 * bucket with such a line would end the connection of the function that gets it.
 */
export function tolerateHeaders(): void {
  Object.defineProperty(MsgImpl.prototype, 'headers', {
    configurable: true,
    get(this: MsgImpl): MsgHdrsImpl | undefined {
      if (this._msg.hdr <= 0) return undefined;
      this._headers ??= decode(this._rdata.subarray(0, this._msg.hdr));
      return this._headers as MsgHdrsImpl;
    },
  });
}

function decode(block: Uint8Array): MsgHdrsImpl {
  const [status = ''] = Buffer.from(block.subarray(0, MAX_STATUS_BYTES)).toString('utf8').split('\r\n', 1);
  const headers = MsgHdrsImpl.decode(Buffer.from(status));
  for (const [name, value] of parseHeaderBlock(block)) {
    try {
      headers.append(name, value);
    } catch {
      // A value with half a line break; the others are good.
    }
  }
  return headers;
}
