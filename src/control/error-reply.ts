/**
 * The form of an error on the wire, in both directions: NATS micro's headers, Nex's body, and the
 * whole of our error under `hairspring` in the body so that a tool can show position and hint.
 */
import { headers, type Msg } from '@nats-io/nats-core';
import { z } from 'zod';
import { HairspringError, isErrorCode, REPLY_HEADERS, type WireError } from '../core/index.ts';
import type { MicroReply } from './micro-endpoint.ts';

const MASKED = 'internal server error';
const MAX_HEADER_CHARS = 512;
/** Longest text in a body: a function's own error may be of any length, and the reply must not be. */
const MAX_BODY_CHARS = 2_048;

/** Whether the text of `error` is meant for the caller. What we do not know may name internals. */
export function isPublicError(error: unknown): error is HairspringError {
  return HairspringError.is(error) && error.code !== 'HS_INTERNAL';
}

/** The reply that tells a caller about `error`; `errorId` is the one under which the node's log has it. */
export function toErrorReply(error: unknown, errorId: string): MicroReply {
  const known = isPublicError(error)
    ? error
    : new HairspringError('HS_INTERNAL', MASKED, { hint: `The node's log has it as ${errorId}` });
  const replyHeaders = headers();
  replyHeaders.set(REPLY_HEADERS.serviceErrorCode, String(known.info.status));
  replyHeaders.set(REPLY_HEADERS.serviceError, toHeaderText(known.message));
  replyHeaders.set(REPLY_HEADERS.code, known.code);
  if (known.info.retryable) replyHeaders.set(REPLY_HEADERS.retryable, 'true');
  const wire = cutTexts(known.toWire());
  const body = { error_id: errorId, error: wire.message, hairspring: wire };
  return { data: JSON.stringify(body), headers: replyHeaders };
}

function cutTexts(wire: WireError): WireError {
  const { message, hint, position } = wire;
  const cut = (text: string): string => text.slice(0, MAX_BODY_CHARS);
  return {
    ...wire,
    message: cut(message),
    ...(hint === undefined ? {} : { hint: cut(hint) }),
    ...(position?.lineText === undefined
      ? {}
      : { position: { ...position, lineText: cut(position.lineText) } }),
  };
}

/** The error that a reply carries, or undefined for a good reply; understands Nex's nodes and cells as well. */
export function fromErrorReply(msg: Msg): HairspringError | undefined {
  const code = msg.headers?.get(REPLY_HEADERS.code) ?? '';
  const status = msg.headers?.get(REPLY_HEADERS.serviceErrorCode) ?? '';
  if (code === '' && status === '') return undefined;
  const body = readBody(msg);
  if (body?.hairspring !== undefined) return HairspringError.fromWire(body.hairspring);
  const described = msg.headers?.get(REPLY_HEADERS.serviceError) ?? '';
  const text = described === '' ? (body?.error ?? `Request failed with status ${status}`) : described;
  if (isErrorCode(code)) return new HairspringError(code, text);
  return new HairspringError(status.startsWith('4') ? 'HS_REQUEST_INVALID' : 'HS_INTERNAL', text);
}

const position = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  lineText: z.string().exactOptional(),
});
const wireError: z.ZodType<WireError> = z.object({
  code: z.custom<WireError['code']>((value) => isErrorCode(value)),
  message: z.string(),
  hint: z.string().exactOptional(),
  position: position.exactOptional(),
});
const errorBody = z.object({
  error: z.string().optional(),
  hairspring: wireError.optional().catch(undefined),
});

function readBody(msg: Msg): z.infer<typeof errorBody> | undefined {
  if (msg.data.byteLength === 0 || msg.data[0] !== 0x7b) return undefined;
  try {
    return errorBody.safeParse(msg.json()).data;
  } catch {
    return undefined;
  }
}

function toHeaderText(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim();
  return line.length > MAX_HEADER_CHARS ? `${line.slice(0, MAX_HEADER_CHARS - 1)}…` : line;
}
