import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { HostCallResult } from '../../src/core/index.ts';
import { MESSAGING_LIMITS } from '../../src/hostservices/messaging/limits.ts';
import { MessagingBudgets } from '../../src/hostservices/messaging/provider.ts';
import {
  callerOf,
  listenTo,
  type MessagingHandle,
  openMessaging,
  textOfResult,
} from '../support/messaging.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { turns, until } from '../support/turns.ts';

const GRANT = { publish: ['told.*'], request: ['ask.*'] };

let server: TestNats;
let nc: NatsConnection;
let other: NatsConnection;
let bus: MessagingHandle;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  other = await connectTo(server);
  bus = openMessaging(nc, GRANT);
});

after(async () => {
  for (const connection of [nc, other]) await connection?.close();
  await server?.[Symbol.asyncDispose]();
});

interface Rules {
  readonly timeoutMs?: number | string | null;
  readonly maxMessages?: number | string | null;
  readonly stallMs?: number | string | null;
}

function argumentsOf(subject: string, rules: Rules = {}): (string | number | null)[] {
  const { timeoutMs = '', maxMessages = '', stallMs = '' } = rules;
  return [subject, '0', timeoutMs, maxMessages, stallMs];
}

async function open(subject: string, rules: Rules = {}, caller = callerOf()): Promise<number> {
  const { value } = await bus.call('requestMany', argumentsOf(subject, rules), 'q', caller);
  assert.equal(typeof value, 'number');
  return value as number;
}

async function readAll(handle: number): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const result = await bus.call('next', [handle]);
    if (result.value === null) return texts;
    texts.push(textOfResult(result));
  }
}

/** Answers every request on the subject with so many replies, and keeps its reply subject. */
async function responder(subject: string, count: number, body = ''): Promise<{ replies: string[] }> {
  const replies: string[] = [];
  await listenTo(other, subject, (message: Msg) => {
    replies.push(message.reply ?? '');
    for (let index = 0; index < count; index += 1) message.respond(`${index}${body}`);
  });
  return { replies };
}

/** Whether the server knows of no subscription on a subject any more. */
async function isUnheard(subject: string): Promise<boolean> {
  // What is read before the first answer may end the subscription; the second one comes when the server knows of that.
  await nc.flush();
  await nc.flush();
  const outcome = await other.request(subject, '', { timeout: 5_000 }).catch((error: unknown) => error);
  return outcome instanceof errors.RequestError && outcome.isNoResponders();
}

test('Replies of several responders come one by one until there are enough, then nobody listens', async () => {
  const { replies } = await responder('ask.enough', 5);
  assert.deepEqual(await readAll(await open('ask.enough', { maxMessages: 3 })), ['0', '1', '2']);
  assert.match(replies[0] ?? '', /^_INBOX\.\w+$/);
  assert.ok(await isUnheard(replies[0] ?? ''));
});

test('It ends when no further reply comes for a while, or its time is up', async () => {
  const { replies } = await responder('ask.stall', 2);
  assert.deepEqual(await readAll(await open('ask.stall', { stallMs: 40, timeoutMs: 60_000 })), ['0', '1']);
  assert.deepEqual(await readAll(await open('ask.stall', { timeoutMs: 1_000 })), ['0', '1']);
  await listenTo(other, 'ask.silent', () => undefined);
  assert.deepEqual(await readAll(await open('ask.silent', { stallMs: 1, timeoutMs: 40 })), []);
  const soon = callerOf({ deadlineMs: performance.now() + 60 });
  assert.deepEqual(await readAll(await open('ask.silent', { timeoutMs: 60_000 }, soon)), []);
  for (const reply of replies) assert.ok(await isUnheard(reply), reply);
});

test('A reply brings its headers and bytes, and the responder hears how long it is waited for', async () => {
  const { headers } = await import('@nats-io/transport-node');
  let waits = '';
  await listenTo(other, 'ask.whole', (message) => {
    waits = message.headers?.get('Hairspring-Timeout-Ms') ?? '';
    const own = headers();
    own.append('X-A', '1');
    own.append('X-A', 'ü');
    message.respond(Uint8Array.of(0, 255), { headers: own });
  });
  const handle = await open('ask.whole', { maxMessages: 1, timeoutMs: 900 });
  const { value, data } = await bus.call('next', [handle]);
  assert.deepEqual(value, ['X-A', '1', 'X-A', 'ü']);
  assert.deepEqual([...(data ?? [])], [0, 255]);
  assert.equal(waits, '900');
});

test('Where nobody listens, the first reply is that error', async () => {
  const handle = await open('ask.nobody');
  assert.equal((await bus.refused('next', [handle])).code, 'HS_REQUEST_NO_RESPONDERS');
  assert.equal((await bus.refused('next', [handle])).code, 'HS_HOST_CALL_INVALID');
});

test('A function that is slower than the replies gets as many as may wait, and then hears so', async () => {
  const { waitingReplies, waitingReplyBytes } = MESSAGING_LIMITS;
  const { replies } = await responder('ask.flood', waitingReplies + 500);
  const flood = await open('ask.flood');
  await until(() => replies.length === 1);
  await other.flush();
  assert.ok(await isUnheard(replies[0] ?? ''));
  let taken = 0;
  let failed: unknown;
  while (failed === undefined) {
    const found = await bus.call('next', [flood]).catch((error: unknown) => error);
    if (found instanceof Error) failed = found;
    else taken += 1;
  }
  assert.equal((failed as { code?: string }).code, 'HS_REQUEST_SLOW_CONSUMER');
  assert.equal(taken, waitingReplies);

  const half = 'x'.repeat(waitingReplyBytes / 8);
  const sender = await responder('ask.large', 20, half);
  const large = await open('ask.large');
  await until(() => sender.replies.length === 1);
  await other.flush();
  await nc.flush();
  let bytes = 0;
  for (;;) {
    const found: HostCallResult | Error = await bus.call('next', [large]).catch((error: Error) => error);
    if (found instanceof Error) break;
    bytes += found.data?.length ?? 0;
  }
  assert.ok(bytes > 0 && bytes <= waitingReplyBytes + half.length, `${bytes} bytes`);
});

test('The connections of a cell share what may wait for its functions', async () => {
  const budgets = new MessagingBudgets();
  const [one, two] = [nc, other].map((connection) => openMessaging(connection, GRANT, { budgets }));
  assert.ok(one !== undefined && two !== undefined);
  const { replies } = await responder('ask.shared', 1, 'x'.repeat(999));
  await one.call('requestMany', argumentsOf('ask.shared'), 'q');
  await until(() => budgets.replies.bytes === 1_000);
  assert.ok(budgets.replies.take(budgets.replies.limit - 1_500));
  const { value: handle } = await two.call('requestMany', argumentsOf('ask.shared'), 'q');
  await until(() => replies.length === 2);
  await other.flush();
  const { code, message } = await two.refused('next', [handle as number]);
  assert.deepEqual([code, /in the cell/.test(message)], ['HS_REQUEST_SLOW_CONSUMER', true], message);
  for (const { prepared } of [one, two]) prepared.ended?.(1);
  assert.equal(budgets.replies.bytes, budgets.replies.limit - 1_500);
});

test('What an invocation leaves open is given up at its end, also while it waits for a reply', async () => {
  const { replies } = await responder('ask.left', 1);
  const handle = await open('ask.left', { timeoutMs: 60_000 }, callerOf({ id: 7 }));
  assert.equal(textOfResult(await bus.call('next', [handle])), '0');
  let last: unknown;
  const waiting = bus.call('next', [handle]).then(({ value }) => {
    last = value;
  });
  bus.prepared.ended?.(7);
  await turns();
  assert.equal(last, null);
  await waiting;
  assert.ok(await isUnheard(replies[0] ?? ''));
  assert.equal((await bus.refused('next', [handle])).code, 'HS_HOST_CALL_INVALID');
});

test('Closing gives it up, twice as well', async () => {
  const { replies } = await responder('ask.closed', 3);
  const handle = await open('ask.closed', { timeoutMs: 60_000 });
  assert.equal(textOfResult(await bus.call('next', [handle])), '0');
  await bus.call('close', [handle]);
  await bus.call('close', [handle]);
  assert.ok(await isUnheard(replies[0] ?? ''));
});

test('One invocation may have only so many open at once', async () => {
  await listenTo(other, 'ask.held', () => undefined);
  const caller = callerOf({ id: 9 });
  for (let index = 0; index < MESSAGING_LIMITS.manyPerInvocation; index += 1)
    await open('ask.held', {}, caller);
  const refused = await bus.refused('requestMany', argumentsOf('ask.held'), '', caller);
  assert.equal(refused.code, 'HS_HOST_CALL_LIMIT');
  bus.prepared.ended?.(9);
  await open('ask.held', {}, caller);
  bus.prepared.ended?.(9);
});

test('Of more that are begun at once those that are refused have asked nobody', async () => {
  let heard = 0;
  await listenTo(other, 'ask.crowd', () => {
    heard += 1;
  });
  const caller = callerOf({ id: 8 });
  const most = MESSAGING_LIMITS.manyPerInvocation;
  const begun = Array.from({ length: 2 * most }, () => open('ask.crowd', {}, caller));
  const opened = (await Promise.allSettled(begun)).filter(({ status }) => status === 'fulfilled');
  await nc.flush();
  await other.flush();
  assert.deepEqual([opened.length, heard], [most, most]);
  bus.prepared.ended?.(8);
});

test('Hostile arguments are refused before anything is sent', async () => {
  let heard = 0;
  await listenTo(other, 'ask.h', () => {
    heard += 1;
  });
  const wrong: readonly Rules[] = [
    ...[0, -1, null, 'soon'].map((timeoutMs) => ({ timeoutMs })),
    ...[0, -1, 1.5, null, 'all', 2 ** 53].map((maxMessages) => ({ maxMessages })),
    ...[0, -1, null, '_INBOX.x'].map((stallMs) => ({ stallMs })),
  ];
  for (const rules of wrong) {
    const { code } = await bus.refused('requestMany', argumentsOf('ask.h', rules));
    assert.equal(code, 'HS_HOST_CALL_INVALID', JSON.stringify(rules));
  }
  const denied = ['told.a', '$JS.API.INFO', '_INBOX.a', '$NEX.SVC.default.control.HS.INVOKE.f'];
  for (const subject of denied)
    assert.equal((await bus.refused('requestMany', [subject, '0'])).code, 'HS_BINDING_DENIED', subject);
  assert.equal((await bus.refused('requestMany', ['ask.*', '0'])).code, 'HS_SUBJECT_INVALID');
  assert.equal((await bus.refused('requestMany', ['ask.h', '["Nats-A","b"]'])).code, 'HS_HEADER_INVALID');
  const large = new Uint8Array((nc.info?.max_payload ?? 0) + 1);
  assert.equal((await bus.refused('requestMany', ['ask.h', '0'], large)).code, 'HS_MESSAGE_TOO_LARGE');
  for (const handle of [0, -1, 10_000, '1', null, 'constructor'])
    assert.equal((await bus.refused('next', [handle])).code, 'HS_HOST_CALL_INVALID', String(handle));
  for (const handle of ['1', null, -1]) await bus.call('close', [handle]);
  assert.equal(heard, 0);
});
