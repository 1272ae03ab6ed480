import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { MsgHdrs } from '@nats-io/transport-node';
import {
  HairspringError,
  type HostCaller,
  isReservedHeader,
  isSafeHeader,
  MAX_HEADERS,
  TRACE_HEADERS,
  traceHeaderPairs,
} from '../../core/index.ts';
import { MESSAGING_LIMITS } from './limits.ts';

/**
 * The headers of a message: the function's own, checked, and the caller's trace unless the function
 * has set one itself.
 * @param json names and values in turn, as the guest's JSON; nothing in it is trusted
 * @throws HS_HEADER_INVALID, HS_HOST_CALL_INVALID
 */
export function outgoingHeaders(json: unknown, caller: HostCaller): MsgHdrsImpl {
  const own = parsePairs(json);
  const headers = new MsgHdrsImpl();
  let bytes = 0;
  for (let at = 0; at < own.length; at += 2) {
    const name = own[at] ?? '';
    const value = own[at + 1] ?? '';
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (!isSafeHeader(name, value))
      throw invalid(name, 'its name or value has characters that a header cannot have');
    if (isReservedHeader(name)) throw invalid(name, 'headers of this name belong to the server and the host');
    headers.append(name, value);
  }
  if (own.length > 2 * MESSAGING_LIMITS.headers || bytes > MESSAGING_LIMITS.headerBytes) {
    const { headers: most, headerBytes } = MESSAGING_LIMITS;
    throw new HairspringError(
      'HS_HEADER_INVALID',
      `Cannot send ${own.length / 2} headers of ${bytes} bytes: a message has at most ${most} of ${headerBytes} bytes`,
    );
  }
  const traced = own.some((text, at) => at % 2 === 0 && text.toLowerCase() === TRACE_HEADERS.traceparent);
  if (!traced) for (const [name, value] of traceHeaderPairs(caller)) headers.set(name, value);
  return headers;
}

/** The headers of a reply, as names and values in turn. */
export function replyPairs(headers: MsgHdrs | undefined): readonly string[] {
  const pairs: string[] = [];
  for (const [name, values] of headers ?? []) for (const value of values) pairs.push(name, value);
  return pairs;
}

/** Of names and values in turn those that a function may set, as many as a message may have. */
export function ownPairs(pairs: readonly string[]): readonly string[] {
  const own: string[] = [];
  for (let at = 0; at + 1 < pairs.length && at < 2 * MAX_HEADERS; at += 2) {
    const name = pairs[at] ?? '';
    const value = pairs[at + 1] ?? '';
    if (isSafeHeader(name, value) && !isReservedHeader(name)) own.push(name, value);
  }
  return own;
}

function parsePairs(json: unknown): readonly string[] {
  let pairs: unknown;
  try {
    pairs = JSON.parse(typeof json === 'string' ? json : '');
  } catch {
    pairs = undefined;
  }
  if (pairs === 0) return [];
  if (Array.isArray(pairs) && pairs.length % 2 === 0 && pairs.every((item) => typeof item === 'string'))
    return pairs;
  throw new HairspringError(
    'HS_HOST_CALL_INVALID',
    'Cannot send a message: its headers are not names and values',
  );
}

function invalid(name: string, reason: string): HairspringError {
  return new HairspringError(
    'HS_HEADER_INVALID',
    `Cannot send the header ${JSON.stringify(name.slice(0, 100))}: ${reason}`,
  );
}
