import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import {
  callDepth,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  hairspringSubjects,
  isErrorCode,
  type LocalFunctions,
  type MessagingBinding,
  REPLY_HEADERS,
  REQUEST_HEADERS,
  timeoutHeader,
} from '../../core/index.ts';
import { readMs } from './arguments.ts';
import { checkFunctionName, checkLiteral, listGranted } from './grant.ts';
import { MESSAGING_LIMITS } from './limits.ts';
import { toMessagingError } from './provider-errors.ts';
import { outgoingHeaders, ownPairs, replyPairs } from './provider-headers.ts';
import {
  admit,
  checkConnected,
  checkSize,
  lostSince,
  type Means,
  type Outgoing,
  toBytes,
  waitMs,
} from './provider-send.ts';

/** How functions of a namespace are called by their names. */
export interface FunctionCalls {
  readonly namespace: string;
  /** Asked first. @default none */
  readonly local?: LocalFunctions | undefined;
}

/** Longest text of a callee's error that is passed on. */
const MAX_ERROR_CHARS = 2_048;
/** And largest body that it is looked for in. */
const MAX_ERROR_BYTES = 16 * 1024;

/** What a call needs wherever the function is. */
export type CallMeans = Pick<Means, 'limit' | 'clock'>;

interface PreparedCall {
  /** As in `call function "name"`. */
  readonly action: string;
  /** That the message is to have; empty for the one that the function has by itself. */
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly data: Uint8Array;
  readonly timeoutMs: number;
}

/** @throws HS_CALL_DEPTH, HS_HEADER_INVALID, HS_HOST_CALL_INVALID, HS_MESSAGE_TOO_LARGE, HS_SUBJECT_INVALID */
export function prepareCall(
  name: string,
  means: CallMeans,
  { args, payload }: HostCall,
  caller: HostCaller,
): PreparedCall {
  const action = `call function "${name}"`;
  const headers = outgoingHeaders(args[1], caller);
  const wantedMs = readMs(action, 'timeoutMs', args[2]);
  const subject = args[3] === undefined || args[3] === '' ? '' : checkLiteral(action, args[3]);
  headers.set(REQUEST_HEADERS.callDepth, String(nextDepth(action, caller)));
  const data = toBytes(payload);
  checkSize(means.limit, `${action} with ${data.length} bytes`, data.length);
  const timeoutMs = waitMs(means, caller, wantedMs);
  headers.set(...timeoutHeader(timeoutMs, 0));
  return { action, subject, headers, data, timeoutMs };
}

/**
 * Calls another function of the namespace, on whichever node has it.
 * @throws the callee's code; HS_BINDING_DENIED, HS_CALL_DEPTH, HS_FUNCTION_NOT_FOUND, HS_REQUEST_TIMEOUT and those of messages
 */
export async function callFunction(
  binding: MessagingBinding,
  means: Means,
  namespace: string,
  call: HostCall,
  caller: HostCaller,
): Promise<HostCallResult> {
  const name = checkFunctionName(binding, call.args[0]);
  const { action, subject, headers, data, timeoutMs } = prepareCall(name, means, call, caller);
  if (subject !== '') headers.set(REQUEST_HEADERS.subject, subject);
  const grant = `the bindings grant calls of ${listGranted(binding.call)}`;
  const target = hairspringSubjects.invoke(namespace, name);
  const message = { subject: target, headers, data, action, grant };
  return await request(means, message, caller, timeoutMs);
}

/** @throws HS_CALL_DEPTH */
function nextDepth(action: string, { invocation }: HostCaller): number {
  const depth = callDepth(invocation?.headers) + 1;
  if (depth <= MESSAGING_LIMITS.callDepth) return depth;
  const detail = `it would be the ${depth}th call in a chain of functions, and at most ${MESSAGING_LIMITS.callDepth} may be`;
  throw new HairspringError('HS_CALL_DEPTH', `Cannot ${action}: ${detail}`);
}

async function request(
  means: Means,
  message: Outgoing,
  caller: HostCaller,
  timeoutMs: number,
): Promise<HostCallResult> {
  const { subject, headers, data, action } = message;
  const mark = means.watch.mark();
  try {
    await admit(means, message, caller);
    checkConnected(means, mark);
    const timeout = timeoutMs + MESSAGING_LIMITS.callGraceMs;
    const reply = await means.nc.request(subject, data, { timeout, headers });
    const code = reply.headers?.get(REPLY_HEADERS.code) ?? '';
    if (code !== '') throw toCalleeError(action, code, errorText(reply));
    return { value: ownPairs(replyPairs(reply.headers)), data: reply.data };
  } catch (error) {
    throw toMessagingError(error, message, {
      noResponders: ['HS_FUNCTION_NOT_FOUND', 'no node has it'],
      timeout: lostSince(means, mark) ?? ['HS_REQUEST_TIMEOUT', 'no answer came in time'],
    });
  }
}

/** The body of a failed request has more of the message than a header can. */
function errorText({ data, headers }: Msg): string {
  const inHeader = headers?.get(REPLY_HEADERS.error) ?? '';
  if (data.length > MAX_ERROR_BYTES) return inHeader;
  try {
    const body: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
    return typeof message === 'string' ? message : inHeader;
  } catch {
    return inHeader;
  }
}

/** A node of another version may have codes that this one does not know. */
function toCalleeError(action: string, code: string, text: string): HairspringError {
  const detail = text.slice(0, MAX_ERROR_CHARS);
  if (isErrorCode(code)) return new HairspringError(code, `Cannot ${action}: ${detail}`);
  return new HairspringError('HS_FUNCTION_THREW', `Cannot ${action}: ${code.slice(0, 100)}: ${detail}`);
}
