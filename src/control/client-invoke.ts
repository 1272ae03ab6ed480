import { headers, type Msg } from '@nats-io/nats-core';
import {
  formatBytes,
  HairspringError,
  hairspringSubjects,
  isSafeHeader,
  REQUEST_HEADERS,
} from '../core/index.ts';
import { assertToken, type ClientContext } from './client-request.ts';
import { fromErrorReply } from './error-reply.ts';
import { isNoResponders, isTimeout, isTooLarge, natsFailure } from './nats-failure.ts';

export interface InvokeOptions {
  /** The subject that the call stands for; needed when the function has not exactly one literal trigger. */
  readonly subject?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** How long the function may take, from when it is accepted. @default the client's */
  readonly timeoutMs?: number;
}

export interface InvokeResult {
  readonly data: Uint8Array;
  /** The first value of each header. */
  readonly headers: Readonly<Record<string, string>>;
  /** Present when the function or its cell answered with an error. */
  readonly error?: HairspringError;
}

/** How much longer the client waits than the function may take, so that it hears of a time-out from the function. */
const GRACE_MS = 500;

/**
 * Calls a function by name, whatever its triggers.
 * @throws HS_FUNCTION_NOT_FOUND when no cell serves it, HS_MESSAGE_TOO_LARGE, HS_NATS_UNREACHABLE when no reply came in time
 */
export async function invoke(
  context: ClientContext,
  name: string,
  payload: Uint8Array | string,
  options: InvokeOptions,
): Promise<InvokeResult> {
  assertToken(name, 'function name');
  const requestHeaders = headers();
  for (const [key, value] of pairsOf(options.headers ?? {})) {
    if (!isSafeHeader(key, value)) {
      throw new HairspringError(
        'HS_USAGE',
        `Cannot send header "${key}": it has characters that NATS refuses`,
      );
    }
    requestHeaders.append(key, value);
  }
  if (options.subject !== undefined) requestHeaders.set(REQUEST_HEADERS.subject, options.subject);
  const timeoutMs = options.timeoutMs ?? context.timeoutMs;
  if (!requestHeaders.has(REQUEST_HEADERS.timeoutMs))
    requestHeaders.set(REQUEST_HEADERS.timeoutMs, String(timeoutMs));
  let reply: Msg;
  try {
    reply = await context.nc.request(hairspringSubjects.invoke(context.namespace, name), payload, {
      timeout: timeoutMs + GRACE_MS,
      headers: requestHeaders,
    });
  } catch (error) {
    if (isTooLarge(error)) throw tooLarge(context, name, Buffer.byteLength(payload), error);
    throw invokeFailure(context, name, timeoutMs, error);
  }
  const error = fromErrorReply(reply);
  return {
    data: reply.data,
    headers: Object.fromEntries(
      (reply.headers?.keys() ?? []).map((key) => [key, reply.headers?.get(key) ?? '']),
    ),
    ...(error === undefined ? {} : { error }),
  };
}

function pairsOf(given: NonNullable<InvokeOptions['headers']>): readonly (readonly [string, string])[] {
  return Object.entries(given).flatMap(([key, values]) =>
    typeof values === 'string' ? [[key, values] as const] : values.map((value) => [key, value] as const),
  );
}

function tooLarge({ nc }: ClientContext, name: string, bytes: number, cause: unknown): HairspringError {
  const limit = nc.info === undefined ? '' : ` of ${formatBytes(nc.info.max_payload)}`;
  return new HairspringError(
    'HS_MESSAGE_TOO_LARGE',
    `Cannot invoke "${name}" with ${bytes} bytes: with headers they exceed the NATS server's max_payload${limit}`,
    { cause },
  );
}

function invokeFailure(
  context: ClientContext,
  name: string,
  timeoutMs: number,
  error: unknown,
): HairspringError {
  if (isNoResponders(error)) {
    return new HairspringError(
      'HS_FUNCTION_NOT_FOUND',
      `Nothing serves function "${name}" in namespace "${context.namespace}"`,
      {
        hint: '`hairspring list` shows what is deployed; check --namespace and that a node runs',
        cause: error,
      },
    );
  }
  const failure = natsFailure(error, `Cannot invoke "${name}" within ${timeoutMs} ms`);
  if (!isTimeout(error)) return failure;
  return new HairspringError(failure.code, failure.message, {
    hint: 'NATS took the call and no cell answered, not even of a time-out: see `hairspring nodes` and `hairspring doctor`, or wait longer with --timeout',
    cause: error,
  });
}
