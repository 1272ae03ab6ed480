import { Buffer } from 'node:buffer';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import {
  errorBody,
  errorHeaderPairs,
  HairspringError,
  parseHeaderBlock,
  REPLY_HEADERS,
} from '../../core/index.ts';

export function replyTooLarge(bytes: number, limit: number): HairspringError {
  const message = `Cannot reply with ${bytes} bytes, headers included: the server's max_payload is ${limit}`;
  return new HairspringError('HS_REPLY_TOO_LARGE', message);
}

/** `HPUB <reply subject> <header bytes> <all bytes>`, as replies are written here. */
const HEAD = /^HPUB ([^ ]+) (\d+) (\d+)$/;

/** Replies as they were written, with an error in the place of each that the server does not take. */
export function withinLimit(frames: Uint8Array, limit: number): Uint8Array {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  const kept: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const headEnd = bytes.indexOf('\r\n', start);
    const [, reply = '', headerBytes = '', size = ''] =
      HEAD.exec(bytes.toString('latin1', start, headEnd)) ?? [];
    if (reply === '') return Buffer.concat([...kept, bytes.subarray(start)]);
    const dataAt = headEnd + 2;
    const end = dataAt + Number(size) + 2;
    const headers = bytes.subarray(dataAt, dataAt + Number(headerBytes));
    const isTaken = Number(size) <= limit;
    kept.push(isTaken ? bytes.subarray(start, end) : errorFrame(reply, headers, Number(size), limit));
    start = end;
  }
  return Buffer.concat(kept);
}

function errorFrame(reply: string, headerBlock: Uint8Array, bytes: number, limit: number): Uint8Array {
  const own = new Map(parseHeaderBlock(headerBlock));
  const identity = {
    workloadId: own.get(REPLY_HEADERS.workloadId) ?? '',
    namespace: own.get(REPLY_HEADERS.namespace) ?? '',
  };
  const error = replyTooLarge(bytes, limit);
  const headers = new MsgHdrsImpl();
  for (const [name, value] of errorHeaderPairs(identity, error)) headers.append(name, value);
  const block = headers.encode();
  const body = Buffer.from(errorBody(error));
  const head = `HPUB ${reply} ${block.length} ${block.length + body.length}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), block, body, Buffer.from('\r\n')]);
}
