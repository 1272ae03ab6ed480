/**
 * Sends the requests of a soak and checks every answer, in a process of its own: what it holds and burns must not
 * show in what is measured.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createInbox, type Msg } from '@nats-io/transport-node';
import { REPLY_HEADERS } from '../../src/core/index.ts';
import { childOptions, serveParent } from '../../src/measure/index.ts';
import { SOAK_FUNCTIONS, type SoakFunction } from './functions.ts';

/** Counts since the start. */
export interface DriverStats {
  readonly sent: number;
  readonly ok: number;
  /** Answers by outcome of each function: error codes, `ok`, `no responders`. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Good answers that belong to another request, or errors that name another. */
  readonly crossed: number;
  /** Answers to what had been answered, or was never asked. */
  readonly extra: number;
  /** Requests that wait for longer than `silentAfterMs`; at the end, all that have no answer. */
  readonly silent: number;
  readonly waiting: number;
  /** The beginning of the first answer that was crossed. */
  readonly firstCrossed: string | null;
  readonly maxMs: number;
}

export interface LoadShape {
  /** The names of the functions to be asked; empty for all. */
  readonly functions: readonly string[];
  /** Requests a second, however long each takes. */
  readonly perSecond: number;
  /** Instead of a rate: so many requests are kept under way. 0 for the rate. */
  readonly inFlight: number;
}

export type DriverCommands = {
  readonly start: { readonly params: LoadShape; readonly result: null };
  readonly stats: { readonly params: null; readonly result: DriverStats };
  /** Sends no more, waits for what is under way. */
  readonly stop: { readonly params: null; readonly result: DriverStats };
};

interface Waiting {
  readonly function: SoakFunction;
  readonly id: string;
  readonly sentAtMs: number;
}

const TICK_MS = 5;

const { url, silentAfterMs } = childOptions<{ readonly url: string; readonly silentAfterMs: number }>();
const nc = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
const inbox = createInbox();
const waiting = new Map<number, Waiting>();
const outcomes = new Map<string, Map<string, number>>();
let sent = 0;
let ok = 0;
let crossed = 0;
let extra = 0;
let maxMs = 0;
let firstCrossed: string | null = null;
let timer: NodeJS.Timeout | undefined;
/** What is sent when an answer has come. */
let onAnswer: () => void = () => undefined;

function send(target: SoakFunction): void {
  sent += 1;
  const id = `soak-${sent}`;
  waiting.set(sent, { function: target, id, sentAtMs: performance.now() });
  nc.publish(target.definition.name, target.payload?.(id) ?? id, { reply: `${inbox}.${sent}` });
}

function outcomeOf({ headers }: Msg): string {
  if (headers === undefined) return 'ok';
  if (headers.code === 503) return 'no responders';
  const code = headers.get(REPLY_HEADERS.code);
  return code === '' ? 'ok' : code;
}

function isCrossed(request: Waiting, outcome: string, message: Msg): boolean {
  const { function: asked, id } = request;
  if (outcome === 'ok') return !(asked.isAnswer?.(id, message.string()) ?? message.string() === id);
  return (
    outcome === 'HS_FUNCTION_THREW' &&
    asked.errorsAreAlike !== true &&
    !new RegExp(`${id}\\b`).test(message.headers?.get(REPLY_HEADERS.error) ?? '')
  );
}

nc.subscribe(`${inbox}.*`, {
  callback(_error, message) {
    const number = Number(message.subject.slice(inbox.length + 1));
    const request = waiting.get(number);
    if (request === undefined) {
      extra += 1;
      return;
    }
    waiting.delete(number);
    maxMs = Math.max(maxMs, performance.now() - request.sentAtMs);
    const outcome = outcomeOf(message);
    const { name } = request.function.definition;
    let counts = outcomes.get(name);
    if (counts === undefined) {
      counts = new Map();
      outcomes.set(name, counts);
    }
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (outcome === 'ok') ok += 1;
    if (isCrossed(request, outcome, message)) {
      crossed += 1;
      firstCrossed ??= `${name} ${request.id}: ${outcome} ${message.string().slice(0, 200)} ${message.headers?.get(REPLY_HEADERS.error)}`;
    }
    onAnswer();
  },
});

/** How many of each function are due, in requests per millisecond. */
function ratesOf(functions: readonly SoakFunction[], perSecond: number): readonly number[] {
  const weights = functions.reduce((sum, { weight }) => sum + weight, 0);
  return functions.map((each) => (each.perSecond ?? (perSecond * each.weight) / weights) / 1_000);
}

function startRate(functions: readonly SoakFunction[], perSecond: number): void {
  const rates = ratesOf(functions, perSecond);
  const due = rates.map(() => 0);
  let lastMs = performance.now();
  timer = setInterval(() => {
    const nowMs = performance.now();
    // After a pause of this process the arrears are dropped instead of sent in one burst.
    const passedMs = Math.min(nowMs - lastMs, 100);
    lastMs = nowMs;
    for (const [index, each] of functions.entries()) {
      let owed = (due[index] ?? 0) + passedMs * (rates[index] ?? 0);
      for (; owed >= 1; owed -= 1) send(each);
      due[index] = owed;
    }
  }, TICK_MS);
}

function startClosedLoop(functions: readonly SoakFunction[], inFlight: number): void {
  const cycle = functions.flatMap((each) => Array.from({ length: each.weight }, () => each));
  let at = 0;
  onAnswer = () => {
    // Steps that share no divisor with the length mix the functions.
    at = (at + 37) % cycle.length;
    const next = cycle[at];
    if (next !== undefined) send(next);
  };
  for (let count = 0; count < inFlight; count += 1) onAnswer();
}

function countSilent(): number {
  const since = performance.now() - silentAfterMs;
  let count = 0;
  // Those that were sent first come first.
  for (const { sentAtMs } of waiting.values()) {
    if (sentAtMs > since) break;
    count += 1;
  }
  return count;
}

function stats(silent: number): DriverStats {
  return {
    sent,
    ok,
    outcomes: Object.fromEntries([...outcomes].map(([name, counts]) => [name, Object.fromEntries(counts)])),
    crossed,
    extra,
    silent,
    waiting: waiting.size,
    firstCrossed,
    maxMs,
  };
}

serveParent<DriverCommands>(
  {
    async start({ functions: names, perSecond, inFlight }) {
      const functions = SOAK_FUNCTIONS.filter(
        ({ definition }) => names.length === 0 || names.includes(definition.name),
      );
      if (inFlight > 0) startClosedLoop(functions, inFlight);
      else startRate(functions, perSecond);
      return null;
    },
    stats: async () => stats(countSilent()),
    async stop() {
      clearInterval(timer);
      onAnswer = () => undefined;
      const deadlineMs = performance.now() + silentAfterMs;
      while (waiting.size > 0 && performance.now() < deadlineMs) await sleep(20);
      // One more moment, for answers that nobody waits for.
      await sleep(200);
      return stats(waiting.size);
    },
  },
  () => nc.close(),
);
