import type { MsgHdrs } from '@nats-io/transport-node';
import { type ErrorCode, HairspringError } from '../../core/index.ts';
import { readText, readWhole } from './arguments.ts';
import { MESSAGING_LIMITS } from './limits.ts';

/** Longest text of the server that a message quotes. */
const MAX_QUOTED_CHARS = 200;

/** JetStream's own error codes (nats-server/server/errors.json). */
const CODES: Readonly<Record<number, ErrorCode>> = {
  10054: 'HS_MESSAGE_TOO_LARGE', // maximum message size of the stream
  10097: 'HS_MESSAGE_TOO_LARGE', // headers
  10071: 'HS_PUBLISH_CONFLICT', // wrong last sequence
  10164: 'HS_PUBLISH_CONFLICT', // the same, without the sequence
  10002: 'HS_PUBLISH_STREAM_FULL', // resources of the account
  10023: 'HS_PUBLISH_STREAM_FULL', // resources of the server
  10028: 'HS_PUBLISH_STREAM_FULL', // its memory
  10047: 'HS_PUBLISH_STREAM_FULL', // its storage
};
/** The stream could not store it: for one of its limits, or because its disk failed. */
const STORE_FAILED = 10077;

/**
 * Headers by which a stream refuses or passes over a message, from the options of a call.
 * @throws HS_HOST_CALL_INVALID
 */
export function setExpectations(
  headers: MsgHdrs,
  action: string,
  [messageId, lastSequence, lastSubjectSequence]: readonly unknown[],
): void {
  const id = readText(action, 'messageId', messageId, MESSAGING_LIMITS.messageIdChars);
  const last = readWhole(action, 'expectedLastSequence', lastSequence, 0);
  const lastOfSubject = readWhole(action, 'expectedLastSubjectSequence', lastSubjectSequence, 0);
  if (id !== undefined) headers.set('Nats-Msg-Id', id);
  if (last !== undefined) headers.set('Nats-Expected-Last-Sequence', String(last));
  if (lastOfSubject !== undefined) headers.set('Nats-Expected-Last-Subject-Sequence', String(lastOfSubject));
}

export interface PublishAck {
  readonly stream: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

/**
 * What a stream has answered. Whoever listens on the subject may have answered in its place.
 * @throws HS_PUBLISH_CONFLICT, HS_PUBLISH_STREAM_FULL, HS_PUBLISH_NO_STREAM, HS_MESSAGE_TOO_LARGE, HS_MESSAGING_UNAVAILABLE
 */
export function readAck(action: string, data: Uint8Array): PublishAck {
  const answer = parseObject(data);
  const error = answer?.['error'];
  if (typeof error === 'object' && error !== null) throw toPublishError(action, { ...error });
  const { stream, seq: sequence, duplicate } = answer ?? {};
  if (typeof stream === 'string' && typeof sequence === 'number' && Number.isSafeInteger(sequence))
    return { stream, sequence, duplicate: duplicate === true };
  throw new HairspringError('HS_PUBLISH_NO_STREAM', `Cannot ${action}: what answered there is no stream`);
}

function toPublishError(action: string, error: Readonly<Record<string, unknown>>): HairspringError {
  const { err_code: number, description } = error;
  const text =
    typeof description === 'string' ? description.slice(0, MAX_QUOTED_CHARS) : 'it does not say why';
  const isFull = number === STORE_FAILED && /exceeded/.test(text);
  const known = typeof number === 'number' ? CODES[number] : undefined;
  const code = isFull ? 'HS_PUBLISH_STREAM_FULL' : (known ?? 'HS_MESSAGING_UNAVAILABLE');
  return new HairspringError(code, `Cannot ${action}: the stream refuses it: ${text}`);
}

function parseObject(data: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
