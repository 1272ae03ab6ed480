/** The two ways in which the client asks: one answer, or the answers of all nodes. */
import { headers, type Msg, type NatsConnection } from '@nats-io/nats-core';
import { type Clock, HairspringError, isToken, REQUEST_HEADERS } from '../core/index.ts';
import { fromErrorReply } from './error-reply.ts';
import { isNoResponders, natsFailure } from './nats-failure.ts';

export interface ClientContext {
  readonly nc: NatsConnection;
  readonly namespace: string;
  /** For an answer that comes at once. */
  readonly timeoutMs: number;
  /** For one that takes longer: what the user has said, else what the verb is given by default. */
  slowTimeoutMs(byDefault: number): number;
  readonly clock: Clock;
}

/** How long the client waits for more answers after one. */
export const STALL_MS = 300;

export interface GatherOptions {
  /** Begins the message of an error. */
  readonly action: string;
  /** For the first answer, and with `stallMs` absent for all. */
  readonly timeoutMs: number;
  readonly stallMs?: number;
}

/**
 * Yields the answers of all who listen on `subject`, error replies too, until `stallMs` pass without
 * one. Leaving the loop early ends the request.
 * @throws HS_NO_NODE when nobody listens, HS_NATS_REFUSED, HS_NATS_UNREACHABLE
 */
export async function* gather(
  context: ClientContext,
  subject: string,
  body: unknown,
  options: GatherOptions,
): AsyncGenerator<Msg> {
  const { nc, clock } = context;
  const { action, timeoutMs, stallMs } = options;
  const untilMs = clock.monotonicMs() + timeoutMs;
  try {
    const answers = await nc.requestMany(subject, JSON.stringify(body), {
      maxWait: timeoutMs,
      ...(stallMs === undefined ? { strategy: 'timer' } : { strategy: 'stall', stall: stallMs }),
    });
    for await (const answer of answers) {
      yield answer;
      if (clock.monotonicMs() >= untilMs) return;
    }
  } catch (error) {
    if (isNoResponders(error)) throw noNode(action, subject);
    throw natsFailure(error, action);
  }
}

/**
 * Asks for one answer.
 * @throws HS_NO_NODE when nobody listens, what an error reply says, HS_NATS_REFUSED, HS_NATS_UNREACHABLE
 */
export async function ask(
  context: ClientContext,
  subject: string,
  body: unknown,
  options: { readonly action: string; readonly timeoutMs?: number },
): Promise<Msg> {
  const timeout = options.timeoutMs ?? context.timeoutMs;
  let answer: Msg;
  try {
    const told = headers();
    told.set(REQUEST_HEADERS.timeoutMs, String(timeout));
    answer = await context.nc.request(subject, JSON.stringify(body), { timeout, headers: told });
  } catch (error) {
    if (isNoResponders(error)) throw noNode(options.action, subject);
    throw natsFailure(error, options.action);
  }
  const failure = fromErrorReply(answer);
  if (failure !== undefined) throw failure;
  return answer;
}

function noNode(action: string, subject: string): HairspringError {
  return new HairspringError('HS_NO_NODE', `${action}: nobody listens on "${subject}"`);
}

/** @throws HS_USAGE when `value` cannot be one token of a subject */
export function assertToken(value: string, what: string): void {
  if (isToken(value)) return;
  throw new HairspringError('HS_USAGE', `Cannot use "${value}" as a ${what}`, {
    hint: 'Use 1 to 64 letters, digits, - or _',
  });
}
