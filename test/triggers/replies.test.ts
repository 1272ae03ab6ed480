import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { HairspringError, type Invocation, type Outcome, ReplySubjects } from '../../src/core/index.ts';
import { SubjectListener } from '../../src/triggers/index.ts';
import { createBucket } from '../support/kv.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { createSpec } from '../support/spec.ts';

let server: TestNats;
/** The cell's connection, and a caller's. */
let cell: NatsConnection;
let nc: NatsConnection;
let refused: string[] = [];
let received: string[] = [];
let answered: string[] = [];
let accepted: Invocation[] = [];
let handle: (invocation: Invocation) => void = () => undefined;
let listener: SubjectListener;

before(async () => {
  server = await startTestNats();
  cell = await connectTo(server);
  nc = await connectTo(server);
  listener = new SubjectListener(
    {
      nc: cell,
      replySubjects: new ReplySubjects(),
      nodeId: 'N',
      target: {
        accept: (invocation) => {
          accepted.push(invocation);
          handle(invocation);
        },
        received: ({ reply }) => received.push(reply),
        answered: ({ reply }) => answered.push(reply),
        refusedReply: (reply) => refused.push(reply),
      },
    },
    createSpec(),
  );
  listener.update(createSpec({ triggers: ['call.{what}'] }));
  await cell.flush();
});

after(async () => {
  await nc?.close();
  await cell?.close();
  await server?.[Symbol.asyncDispose]();
});

afterEach(() => {
  refused = [];
  received = [];
  answered = [];
  accepted = [];
  handle = () => undefined;
});

/** Calls, and answers with `outcome`. */
function reply(outcome: Partial<Outcome>): Promise<Msg> {
  handle = (invocation) => invocation.succeed({ payload: undefined, headers: [], ...outcome });
  return nc.request('call.reply', 'x', { timeout: 2_000 });
}

test('A message reaches the function with its subject, headers and payload', async () => {
  const sent = headers();
  sent.append('A', '1');
  sent.append('A', '2');
  handle = (invocation) => invocation.succeed({ payload: 'ok', headers: [] });
  await nc.request('call.x', new Uint8Array([0, 255]), { headers: sent, timeout: 2_000 });
  const [invocation] = accepted;
  assert.ok(invocation !== undefined);
  assert.equal(invocation.subject, 'call.x');
  assert.equal(invocation.triggerIndex, 0);
  assert.deepEqual([...invocation.data], [0, 255]);
  assert.deepEqual(invocation.headers, [
    ['A', '1'],
    ['A', '2'],
  ]);
});

test('A reply names the workload and the namespace, and carries text, bytes or nothing', async () => {
  for (const [payload, expected] of [
    ['ü𝄞', Buffer.from('ü𝄞')],
    [new Uint8Array([0, 255]), Buffer.from([0, 255])],
    [undefined, Buffer.alloc(0)],
    ['lone \ud800', Buffer.from('lone \ufffd')],
  ] as const) {
    const answer = await reply({ payload });
    assert.ok(Buffer.from(answer.data).equals(expected), answer.string());
    assert.equal(answer.headers?.get('workload_id'), 'id-probe');
    assert.equal(answer.headers?.get('namespace'), 'default');
    assert.deepEqual([...(answer.headers?.keys() ?? [])].toSorted(), ['namespace', 'workload_id']);
  }
});

test("A function's headers are sent in order and with repetitions", async () => {
  const answer = await reply({ headers: ['X-One', '1', 'x-many', 'a', 'x-many', 'b', 'X-Text', 'ü 𝄞'] });
  assert.equal(answer.headers?.get('X-One'), '1');
  assert.deepEqual(answer.headers?.values('x-many'), ['a', 'b']);
  assert.equal(answer.headers?.get('X-Text'), 'ü 𝄞');
});

test('Headers that only the host may set are dropped from what a function answers', async () => {
  const forged = ['workload_id', 'NAMESPACE', 'error', 'Nats-Service-Error', 'nats-rollup', 'KV-Operation'];
  const answer = await reply({
    headers: [...forged, 'Hairspring-Error', 'Nats-Msg-Id']
      .flatMap((name) => [name, 'forged'])
      .concat('ok', 'kept'),
  });
  const seen = [...(answer.headers ?? [])].flatMap(([name, values]) =>
    values.map((value) => `${name}=${value}`),
  );
  assert.deepEqual(seen.toSorted(), ['namespace=default', 'ok=kept', 'workload_id=id-probe']);
});

test('A header with a line break or an odd name never reaches the wire', async () => {
  const odd = [
    ['a', 'b\r\nInjected: yes'],
    ['a\r\nInjected', 'yes'],
    ['a', 'b\nInjected: yes'],
    ['a: b', 'c'],
    ['', 'empty'],
    ['nul', '\u0000'],
    ['ä', 'x'],
    ['a b', 'x'],
  ];
  const answer = await reply({ payload: 'sent', headers: [...odd.flat(), 'odd-one-out'] });
  assert.equal(answer.string(), 'sent');
  assert.deepEqual([...(answer.headers?.keys() ?? [])].toSorted(), ['namespace', 'workload_id']);
});

test('An error is told in headers and as JSON, on one line whatever the function threw', async () => {
  handle = (invocation) =>
    invocation.fail(new HairspringError('HS_FUNCTION_THREW', 'Error: a\r\nInjected: yes\u0000\ud800'));
  const answer = await nc.request('call.fail', '', { timeout: 2_000 });
  const header = (name: string): string | undefined => answer.headers?.get(name);
  assert.equal(header('Hairspring-Error'), 'HS_FUNCTION_THREW');
  assert.equal(header('Nats-Service-Error-Code'), '500');
  assert.equal(header('Nats-Service-Error'), 'Error: a Injected: yes');
  assert.equal(header('error'), 'Error: a Injected: yes');
  assert.equal(header('Hairspring-Retryable'), 'false');
  assert.equal(header('Injected'), '');
  assert.equal(answer.json<{ code: string }>().code, 'HS_FUNCTION_THREW');
});

test('A reply beyond max_payload is answered with an error, and the connection stays', async () => {
  const max = cell.info?.max_payload ?? 0;
  const cases = [
    { payload: Buffer.alloc(max + 1) },
    { payload: 'ä'.repeat(max / 2 + 1) },
    // It fits by itself and does not with the headers that the host adds.
    { payload: Buffer.alloc(max) },
    { payload: Buffer.alloc(max - 100), headers: ['x', 'y'.repeat(5_000)] },
    {
      payload: '',
      headers: Array.from({ length: 40 }, (_, index) => [`h${index}`, 'x'.repeat(60_000)]).flat(),
    },
  ];
  for (const [index, outcome] of cases.entries()) {
    const answer = await reply(outcome);
    assert.equal(answer.headers?.get('Hairspring-Error'), 'HS_REPLY_TOO_LARGE', String(index));
  }
  const answer = await reply({ payload: Buffer.alloc(max - 200, 'x') });
  assert.equal(answer.data.length, max - 200);
  assert.equal(cell.isClosed(), false);
});

test('A message that waits for no reply is run and answered to nobody', async () => {
  handle = (invocation) => invocation.succeed({ payload: 'nobody hears', headers: [] });
  nc.publish('call.silent', 'x');
  await nc.flush();
  await cell.flush();
  assert.equal(accepted.length, 1);
  assert.deepEqual([received, answered, refused], [[], [], []]);
});

test('Each reply subject is told as received, and once as answered', async () => {
  handle = (invocation) => invocation.succeed({ payload: 'ok', headers: [] });
  await nc.request('call.a', '', { timeout: 2_000 });
  handle = (invocation) => invocation.fail(new HairspringError('HS_INTERNAL', 'x'));
  await nc.request('call.b', '', { timeout: 2_000 });
  assert.equal(received.length, 2);
  assert.deepEqual(answered, received);
});

test('A caller who names a subject of JetStream or the control plane as reply gets nothing written there', async () => {
  const bucket = await createBucket(nc, 'victim');
  await bucket.put('key', 'before');
  const heard: string[] = [];
  for (const subject of ['orders.>', 'a.>', '_HSCELL.>'])
    nc.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
  nc.subscribe('$NEX.>', { callback: (_error, message) => void heard.push(message.subject) });
  const replies = [
    '$KV.victim.key',
    '$KV.victim.new',
    '$JS.API.STREAM.DELETE.KV_victim',
    '$NEX.SVC.system.control.PING',
    'orders.refund',
    'a._INBOX',
    '_HSCELL.c1.x',
  ];
  for (const fail of [false, true]) {
    handle = (invocation) => {
      assert.equal(invocation.reply, '');
      if (fail) invocation.fail(new HairspringError('HS_INTERNAL', 'written by an error'));
      else invocation.succeed({ payload: 'written by a reply', headers: [] });
    };
    for (const to of replies) nc.publish('call.trap', 'x', { reply: to });
    await nc.flush();
    await cell.flush();
  }
  await nc.flush();
  assert.equal(accepted.length, 2 * replies.length);
  assert.deepEqual(refused, [...replies, ...replies]);
  assert.deepEqual([received, answered, heard], [[], [], []]);
  assert.equal((await bucket.get('key'))?.string(), 'before');
  assert.equal(await bucket.get('new'), null);
});
