import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import fc from 'fast-check';
import {
  type ErrorCode,
  HairspringError,
  type HostCaller,
  type HostCallResult,
  type MessagingBinding,
  subjectMatches,
} from '../../src/core/index.ts';
import { createHostServices } from '../../src/hostservices/index.ts';
import { checkSubject } from '../../src/hostservices/messaging/grant.ts';
import { MESSAGING_LIMITS } from '../../src/hostservices/messaging/limits.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { until } from '../support/turns.ts';

let server: TestNats;
let nc: NatsConnection;
/** Everything that arrives anywhere a function has no business, and where it has. */
const seen: Msg[] = [];

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  const spy = await connectTo(server);
  // All but the subjects of requests: whoever listens is a responder.
  for (const subject of [
    'out.>',
    'evil.>',
    'evil',
    '$SYS.>',
    '$JS.>',
    '$KV.>',
    '$NEX.>',
    '_R_.>',
    '_HSBOX.>',
  ]) {
    spy.subscribe(subject, {
      callback: (_error, message) => {
        seen.push(message);
      },
    });
  }
  await spy.flush();
  spies.push(spy);
});

const spies: NatsConnection[] = [];

after(async () => {
  for (const connection of [nc, ...spies]) await connection?.close();
  await server?.[Symbol.asyncDispose]();
});

function caller(options: Partial<HostCaller> = {}): HostCaller {
  return {
    id: 1,
    deadlineMs: performance.now() + 10_000,
    trace: undefined,
    invocation: { headers: undefined },
    ...options,
  };
}

const GRANT: MessagingBinding = {
  service: 'messaging',
  publish: ['out.>'],
  request: ['ask.*', 'deep.*.x'],
  call: [],
};

function call(
  op: string,
  args: readonly (string | number | null)[],
  payload: string | Uint8Array = '',
  who = caller(),
  grant = GRANT,
): Promise<HostCallResult> {
  const prepared = createHostServices(nc).messaging.prepare('BUS', grant);
  return prepared.call({ op, args, payload }, who);
}

async function refusal(...given: Parameters<typeof call>): Promise<{ code: ErrorCode; message: string }> {
  const outcome = await call(...given).catch((error: unknown) => error);
  assert.ok(HairspringError.is(outcome), `${JSON.stringify(given.slice(0, 2))} was not refused`);
  return outcome;
}

async function answer(subject: string, respond: (message: Msg) => void): Promise<Subscription> {
  const subscription = spies[0]?.subscribe(subject, { callback: (_error, message) => respond(message) });
  await spies[0]?.flush();
  return subscription ?? assert.fail();
}

test('A request reaches its subject with its headers and payload, and its reply comes back whole', async () => {
  const { headers } = await import('@nats-io/transport-node');
  let waits = 0;
  const subscription = await answer('ask.echo', (message) => {
    waits = Number(message.headers?.get('Hairspring-Timeout-Ms'));
    const reply = headers();
    reply.append('X-Was', message.headers?.get('X-Sent') ?? '');
    reply.append('X-Was', 'twice');
    message.respond(message.data, { headers: reply });
  });
  const binary = Uint8Array.from({ length: 300 }, (_, index) => index);
  const { value, data } = await call('request', ['ask.echo', '["X-Sent","ä"]'], binary);
  assert.deepEqual(value, ['X-Was', 'ä', 'X-Was', 'twice']);
  assert.ok(waits > 1_000 && waits <= 5_000, `it said that it waits for ${waits} ms`);
  assert.deepEqual(Buffer.from(data ?? []), Buffer.from(binary));
  subscription.unsubscribe();
});

test('The host names every reply subject, below its own inbox', async () => {
  const replies: string[] = [];
  const subscription = await answer('ask.reply', (message) => {
    replies.push(message.reply ?? '');
    message.respond();
  });
  await call('request', ['ask.reply', '0']);
  await call('request', ['ask.reply', '0', 1_000, '$JS.API.STREAM.DELETE.X']);
  assert.ok(
    replies.every((reply) => /^_INBOX\.\w+\.\w+$/.test(reply)),
    replies.join(),
  );
  await call('publish', ['out.one', '0', 'evil.reply']);
  await until(() => seen.some(({ subject }) => subject === 'out.one'));
  assert.equal(seen.find(({ subject }) => subject === 'out.one')?.reply || '', '');
  subscription.unsubscribe();
});

const FORMS = [
  '',
  '.',
  'out.',
  '.out',
  'out..a',
  'out.*',
  'out.>',
  '>',
  '*',
  'ask.*',
  'out.a b',
  'out.a\tb',
  'out.a\r\nPUB evil 0\r\n',
  'out.a\u0000',
  'out.\ud800',
  `out.${'a'.repeat(600)}`,
];
const RESERVED = [
  '$SYS.REQ.SERVER.PING',
  '$JS.API.STREAM.DELETE.KV_x',
  '$KV.bucket.key',
  '$NEX.SVC.default.control.HS.INVOKE.x',
  '_INBOX.abc.def',
  '_INBOX_other.x',
  '_R_.x',
  '_HSBOX.x',
];

test('What is no subject, or one that is reserved, is refused whatever the grant says', async () => {
  const wide: MessagingBinding = { service: 'messaging', publish: ['>'], request: ['>'], call: [] };
  for (const op of ['publish', 'request'] as const) {
    for (const grant of [GRANT, wide]) {
      for (const subject of [...FORMS, 5, null]) {
        const { code } = await refusal(op, [subject, '0'], '', caller(), grant);
        assert.equal(code, 'HS_SUBJECT_INVALID', JSON.stringify(subject));
      }
      for (const subject of RESERVED) {
        const { code } = await refusal(op, [subject, '0'], '', caller(), grant);
        assert.equal(code, 'HS_BINDING_DENIED', subject);
      }
    }
    assert.equal((await refusal(op, [])).code, 'HS_SUBJECT_INVALID');
  }
  await nc.flush();
  assert.deepEqual(
    seen.filter(({ subject }) => /^(?:evil|\$(?:SYS|KV|NEX))/.test(subject)).map(({ subject }) => subject),
    [],
  );
});

test('What is granted for one operation is not granted for the other, and the message names the grant', async () => {
  const published = await refusal('publish', ['ask.a', '0']);
  assert.equal(published.code, 'HS_BINDING_DENIED');
  assert.equal(published.message, 'Cannot publish to "ask.a": binding BUS grants publish of "out.>"');
  assert.equal((await refusal('request', ['out.a', '0'])).code, 'HS_BINDING_DENIED');
  const none = await refusal('publish', ['a', '0'], '', caller(), { ...GRANT, publish: [] });
  assert.equal(none.message, 'Cannot publish to "a": binding BUS grants publish of nothing');
});

test('A subject is let through exactly when a pattern of the grant matches it', () => {
  const token = fc.constantFrom('a', 'b', 'c');
  const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
  const pattern = fc
    .tuple(token, fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 }), fc.boolean())
    .map(([first, rest, open]) => [first, ...rest, ...(open ? ['>'] : [])].join('.'));
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 3 }), subject, (patterns, wanted) => {
      const binding: MessagingBinding = { service: 'messaging', publish: patterns, request: [], call: [] };
      const matches = patterns.some((one) => subjectMatches(one, wanted));
      if (matches) assert.equal(checkSubject('B', binding, 'publish', wanted), wanted);
      else assert.throws(() => checkSubject('B', binding, 'publish', wanted), { code: 'HS_BINDING_DENIED' });
    }),
  );
});

test('Headers that could break out of their line, or that command the server, are refused', async () => {
  const bad: readonly (readonly [string, string])[] = [
    ['X', 'a\r\nNats-Msg-Id: 1'],
    ['X', 'a\nb'],
    ['X', '\u0000'],
    ['X\r\nY', 'a'],
    ['X:Y', 'a'],
    ['', 'a'],
    ['X Y', 'a'],
    ['Nats-Msg-Id', '1'],
    ['nats-expected-stream', 'x'],
    ['Nats-Rollup', 'all'],
    ['KV-Operation', 'DEL'],
    ['Hairspring-Error', 'x'],
    ['Hairspring-Subject', 'x'],
    ['workload_id', 'x'],
  ];
  for (const pair of bad) {
    for (const [op, subject] of [
      ['publish', 'out.h'],
      ['request', 'ask.h'],
    ] as const)
      assert.equal(
        (await refusal(op, [subject, JSON.stringify(pair)])).code,
        'HS_HEADER_INVALID',
        JSON.stringify(pair),
      );
  }
  for (const json of ['', '{', '{}', '["a"]', '["a",1]', '[["a","b"]]', 'null', '"x"', 5, null])
    assert.equal((await refusal('publish', ['out.h', json])).code, 'HS_HOST_CALL_INVALID', String(json));
  const many = Array.from({ length: MESSAGING_LIMITS.headers + 1 }, (_, index) => [`X-${index}`, '']).flat();
  assert.equal((await refusal('publish', ['out.h', JSON.stringify(many)])).code, 'HS_HEADER_INVALID');
  const large = JSON.stringify(['X', 'x'.repeat(MESSAGING_LIMITS.headerBytes)]);
  assert.equal((await refusal('publish', ['out.h', large])).code, 'HS_HEADER_INVALID');
});

test('The trace goes along, unless the function has set one itself', async () => {
  const own = '00-11111111111111111111111111111111-2222222222222222-01';
  const host = '00-11111111111111111111111111111111-3333333333333333-01';
  const came = '00-11111111111111111111111111111111-4444444444444444-01';
  const invocation = { headers: [['traceparent', came] as const] };
  const cases = [
    ['out.t1', '0', { trace: { traceparent: host, tracestate: 'a=1' }, invocation }, host, 'a=1'],
    [
      'out.t2',
      JSON.stringify(['Traceparent', own]),
      { trace: { traceparent: host, tracestate: '' } },
      own,
      '',
    ],
    ['out.t3', '0', { invocation }, came, ''],
    ['out.t4', '0', {}, undefined, ''],
  ] as const;
  for (const [subject, json, options, parent, state] of cases) {
    await call('publish', [subject, json], '', caller(options));
    await until(() => seen.some((message) => message.subject === subject));
    const { headers } = seen.find((message) => message.subject === subject) ?? {};
    const found = [...(headers ?? [])].flatMap(([name, values]) =>
      values.map((value) => [name.toLowerCase(), value]),
    );
    const parents = found.filter(([name]) => name === 'traceparent').map(([, value]) => value);
    assert.deepEqual(parents, parent === undefined ? [] : [parent], subject);
    assert.equal(found.find(([name]) => name === 'tracestate')?.[1] ?? '', state, subject);
  }
});

test('A request that nobody hears fails at once, and one that nobody answers in its time', async () => {
  assert.equal((await refusal('request', ['ask.nobody', '0'])).code, 'HS_REQUEST_NO_RESPONDERS');
  const subscription = await answer('ask.silent', () => undefined);
  assert.equal((await refusal('request', ['ask.silent', '0', 20])).code, 'HS_REQUEST_TIMEOUT');
  const soon = caller({ deadlineMs: performance.now() + 30 });
  const startedMs = performance.now();
  assert.equal((await refusal('request', ['ask.silent', '0', 60_000], '', soon)).code, 'HS_REQUEST_TIMEOUT');
  assert.ok(performance.now() - startedMs < 5_000);
  const late = caller({ deadlineMs: performance.now() - 1 });
  assert.equal((await refusal('request', ['ask.silent', '0'], '', late)).code, 'HS_MESSAGING_UNAVAILABLE');
  for (const timeout of [0, -1, null, 'soon'])
    assert.equal((await refusal('request', ['ask.silent', '0', timeout])).code, 'HS_HOST_CALL_INVALID');
  subscription.unsubscribe();
});

test('What is larger than the server takes is refused before it is sent', async () => {
  const limit = nc.info?.max_payload ?? 0;
  assert.equal(
    (await refusal('publish', ['out.big', '0'], new Uint8Array(limit + 1))).code,
    'HS_MESSAGE_TOO_LARGE',
  );
  const withHeaders = await refusal('publish', ['out.big', '["X","y"]'], new Uint8Array(limit));
  assert.equal(withHeaders.code, 'HS_MESSAGE_TOO_LARGE');
  assert.equal(seen.filter(({ subject }) => subject === 'out.big').length, 0);
});

test('An operation that messaging does not have is refused', async () => {
  for (const op of ['subscribe', 'respond', 'constructor', '__proto__', ''])
    assert.equal((await refusal(op, ['out.a', '0'])).code, 'HS_HOST_CALL_INVALID', op);
});
