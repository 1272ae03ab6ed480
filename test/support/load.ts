/** Requests and streams of requests whose every outcome is told apart and counted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errors, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { ControlClient } from '../../src/control/index.ts';
import { REPLY_HEADERS } from '../../src/core/index.ts';

export interface AskOptions {
  readonly headers?: MsgHdrs;
  /** After so long without a reply the caller counts as left in silence. @default 10_000 */
  readonly timeoutMs?: number;
}

/** What became of a request. */
export interface Answer {
  /** `ok`, the error code of the reply, `no responders`, or `silent` when nothing came. */
  readonly outcome: string;
  /** The body; empty without a reply. */
  readonly text: string;
  readonly headers: MsgHdrs | undefined;
  /** From sending to hearing. */
  readonly tookMs: number;
}

/** Sends one request and waits for what becomes of it; never throws. */
export async function ask(
  nc: NatsConnection,
  subject: string,
  payload: string | Uint8Array = '',
  options: AskOptions = {},
): Promise<Answer> {
  const { headers, timeoutMs = 10_000 } = options;
  const startedMs = performance.now();
  try {
    const reply = await nc.request(subject, payload, {
      timeout: timeoutMs,
      ...(headers === undefined ? {} : { headers }),
    });
    const code = reply.headers?.get(REPLY_HEADERS.code) ?? '';
    return {
      outcome: code === '' ? 'ok' : code,
      text: reply.string(),
      headers: reply.headers,
      tookMs: performance.now() - startedMs,
    };
  } catch (error) {
    const outcome = isNoResponders(error)
      ? 'no responders'
      : isTimeout(error)
        ? 'silent'
        : `failed: ${error}`;
    return { outcome, text: '', headers: undefined, tookMs: performance.now() - startedMs };
  }
}

function isNoResponders(error: unknown): boolean {
  return (
    error instanceof errors.NoRespondersError ||
    (error instanceof errors.RequestError && error.isNoResponders())
  );
}

function isTimeout(error: unknown): boolean {
  return error instanceof errors.TimeoutError || (error instanceof Error && isTimeoutCause(error.cause));
}

function isTimeoutCause(cause: unknown): boolean {
  return cause instanceof errors.TimeoutError;
}

/** How often each outcome occurred. */
export function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Disposing stops it as well. */
export interface SteadyLoad extends Disposable {
  /** Stops sending and resolves with all answers when each request has one. */
  stop(): Promise<readonly Answer[]>;
  /** Answers so far. */
  readonly answers: readonly Answer[];
}

const TICK_MS = 5;

/** Sends `perSecond` requests a second, however long each takes, until stopped. */
export function startSteadyLoad(
  nc: NatsConnection,
  subject: string,
  perSecond: number,
  payload: () => string = () => '',
): SteadyLoad {
  const answers: Answer[] = [];
  const pending: Promise<void>[] = [];
  const startedMs = performance.now();
  let sent = 0;
  const tick = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * perSecond);
    // After a pause of this process the arrears are dropped instead of sent in one burst.
    if (due - sent > perSecond / 10) sent = due - 1;
    for (; sent < due; sent += 1)
      pending.push(ask(nc, subject, payload()).then((answer) => void answers.push(answer)));
  }, TICK_MS);
  return {
    answers,
    async stop() {
      clearInterval(tick);
      await Promise.all(pending);
      return answers;
    },
    [Symbol.dispose]: () => clearInterval(tick),
  };
}

export interface UntilOptions {
  /** @default 30_000, which a busy machine does not need */
  readonly withinMs?: number;
  /** @default 20 */
  readonly everyMs?: number;
}

/** Polls until `check` gives something other than false or undefined. @throws when it does not in time */
export async function until<Value>(
  what: string,
  check: () => Value | Promise<Value>,
  options: UntilOptions = {},
): Promise<Exclude<Value, false | undefined>> {
  const { withinMs = 30_000, everyMs = 20 } = options;
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const value = await check();
    if (value !== false && value !== undefined) return value as Exclude<Value, false | undefined>;
    if (performance.now() > deadlineMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await sleep(everyMs);
  }
}

/**
 * Waits until a function has been given `count` more calls than `before`. Those that it has answered by now count as
 * well, so that a look that comes late on a busy machine misses none.
 */
export async function untilAccepted(
  client: ControlClient,
  name: string,
  count: number,
  before = 0,
): Promise<void> {
  await until(`${name} has its calls`, async () => {
    const { invocations, inFlight, queued } = (await client.info(name)).stats;
    return invocations + inFlight + queued >= before + count;
  });
}
