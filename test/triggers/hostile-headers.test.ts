import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { type Invocation, MAX_HEADER_BYTES, ReplySubjects } from '../../src/core/index.ts';
import { SubjectListener } from '../../src/triggers/index.ts';
import { ask } from '../support/load.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { manyNames, rawHeaders } from '../support/raw-headers.ts';
import { createSpec } from '../support/spec.ts';

const PAYLOAD_LIMIT = 100_000;

let server: TestNats;
let cell: NatsConnection;
let nc: NatsConnection;
let listener: SubjectListener;
let accepted: Invocation[] = [];
let accept: (invocation: Invocation) => void;

const answer = (invocation: Invocation): void => invocation.succeed({ payload: 'ok', headers: [] });

before(async () => {
  server = await startTestNats();
  cell = await connectTo(server, { reconnect: false });
  nc = await connectTo(server);
  const spec = createSpec({ triggers: ['call.{what}'], limits: { payloadBytes: PAYLOAD_LIMIT } });
  const target = {
    accept: (invocation: Invocation) => {
      accepted.push(invocation);
      accept(invocation);
    },
    received: () => undefined,
    answered: () => undefined,
    refusedReply: () => undefined,
  };
  listener = new SubjectListener({ nc: cell, target, replySubjects: new ReplySubjects(), nodeId: 'N' }, spec);
  listener.update(spec);
  await cell.flush();
});

after(async () => {
  await nc?.close();
  await cell?.close();
  await server?.[Symbol.asyncDispose]();
});

afterEach(() => {
  accepted = [];
  accept = answer;
});
accept = answer;

const call = (payload: string, headers?: MsgHdrs): ReturnType<typeof ask> =>
  ask(nc, 'call.x', payload, { timeoutMs: 3_000, ...(headers === undefined ? {} : { headers }) });

test('A message with a line that is no header is served with the others, and the next one as well', async () => {
  assert.equal((await call('', rawHeaders('A: 1', 'bad key: v', 'B: 2'))).outcome, 'ok');
  assert.deepEqual(accepted[0]?.headers, [
    ['A', '1'],
    ['B', '2'],
  ]);
  assert.equal((await call('')).outcome, 'ok');
  assert.equal(accepted[1]?.headers, undefined);
});

test('A block full of different names is read at once', async () => {
  const headers = rawHeaders(...manyNames(MAX_HEADER_BYTES - 100));
  const answers = await Promise.all(Array.from({ length: 10 }, () => call('', headers)));
  assert.deepEqual(new Set(answers.map(({ outcome }) => outcome)), new Set(['ok']));
  const slowest = Math.max(...answers.map(({ tookMs }) => tookMs));
  assert.ok(slowest < 2_000, `the last caller waited ${Math.round(slowest)} ms`);
});

test('A header block that is too large is refused with the limit', async () => {
  const refused = await call('', rawHeaders(...manyNames(MAX_HEADER_BYTES + 1)));
  assert.equal(refused.outcome, 'HS_PAYLOAD_TOO_LARGE');
  assert.match(refused.text, /bytes of headers exceed the limit of 64KiB/);
  assert.deepEqual(accepted, []);
});

test('Headers count toward the limit of the payload', async () => {
  const headers = rawHeaders(`A: ${'x'.repeat(1_000)}`);
  assert.equal((await call('x'.repeat(PAYLOAD_LIMIT - 2_000), headers)).outcome, 'ok');
  const refused = await call('x'.repeat(PAYLOAD_LIMIT - 500), headers);
  assert.equal(refused.outcome, 'HS_PAYLOAD_TOO_LARGE');
  assert.match(refused.text, /headers included, exceed limits\.payload/);
  assert.equal(accepted.length, 1);
});

test('An error while a message is taken is told to its caller and to nobody else', async () => {
  accept = () => {
    throw new TypeError('a secret of the host');
  };
  const failed = await call('');
  assert.equal(failed.outcome, 'HS_INTERNAL');
  assert.doesNotMatch(failed.text, /secret/);
  accept = answer;
  assert.equal((await call('')).outcome, 'ok');
});
