import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { headers } from '@nats-io/transport-node';
import { handler, startTestHost } from '../support/host.ts';
import { type Answer, until } from '../support/load.ts';

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;

test('A function answers on each of its triggers, with the wildcards caught by name and by order', async () => {
  await deploy({
    name: 'wild',
    code: handler('return { subject: msg.subject, params: msg.params };'),
    triggers: ['wild.plain', 'wild.one.*', 'wild.named.{lang}.{name}', 'wild.rest.{path>}', 'wild.any.>'],
  });
  const params = async (subject: string): Promise<unknown> => {
    const answer = await ask(subject);
    assert.equal(answer.outcome, 'ok', subject);
    const reply = JSON.parse(answer.text);
    assert.equal(reply.subject, subject);
    return reply.params;
  };
  assert.deepEqual(await params('wild.plain'), {});
  assert.deepEqual(await params('wild.one.x'), { 0: 'x' });
  assert.deepEqual(await params('wild.named.en.ada'), { lang: 'en', name: 'ada' });
  assert.deepEqual(await params('wild.rest.a.b.c'), { path: 'a.b.c' });
  assert.deepEqual(await params('wild.any.a.b'), { 0: 'a.b' });
  assert.equal((await ask('wild.one.x.y')).outcome, 'no responders');
  assert.equal((await ask('wild.rest')).outcome, 'no responders');
});

test('Body and headers of the message come in, body and headers of the reply go out', async () => {
  await deploy({
    name: 'mirror',
    code: handler(`
      const tags = msg.headers.getAll('x-tag');
      return new Reply(msg.data, { headers: { 'x-tags': tags, 'x-one': String(msg.headers.get('X-ONE')) } });`),
  });
  const sent = headers();
  sent.append('x-tag', 'a');
  sent.append('x-tag', 'ü');
  sent.append('X-One', '1');
  const bytes = Uint8Array.of(0, 255, 10, 13, 0xef, 0xbb, 0xbf);
  const reply = await nc.request('mirror', bytes, { timeout: 5_000, headers: sent });
  assert.deepEqual([...reply.data], [...bytes]);
  assert.deepEqual(reply.headers?.values('x-tags'), ['a', 'ü']);
  assert.equal(reply.headers?.get('x-one'), '1');
  const { id } = await world
    .client()
    .info('mirror')
    .then(({ definition }) => definition);
  assert.equal(reply.headers?.get('workload_id'), id);
  assert.equal(reply.headers?.get('namespace'), 'default');
});

test('A message without a reply subject runs the function all the same', async () => {
  await deploy({
    name: 'tell',
    code: `const seen = []; export default { message(msg) {
      if (msg.subject === 'tell.list') return seen;
      seen.push(msg.text() + (msg.reply ? '!' : ''));
    } };`,
    triggers: ['tell.put', 'tell.list'],
  });
  nc.publish('tell.put', 'one');
  nc.publish('tell.put', 'two');
  await until('both messages ran', async () => (await ask('tell.list')).text === '["one","two"]');
});

test('A reply may be nothing, text, JSON or bytes', async () => {
  await deploy({
    name: 'kinds',
    code: handler(`switch (msg.params.kind) {
      case 'nothing': return;
      case 'text': return 'héllo';
      case 'json': return { a: [1, null] };
      case 'number': return 0;
      case 'bytes': return new Uint8Array([104, 105]);
      case 'buffer': return new Uint8Array([104, 105]).buffer;
    }`),
    triggers: ['kinds.{kind}'],
  });
  const expected = {
    nothing: '',
    text: 'héllo',
    json: '{"a":[1,null]}',
    number: '0',
    bytes: 'hi',
    buffer: 'hi',
  };
  for (const [kind, text] of Object.entries(expected)) {
    const answer = await ask(`kinds.${kind}`);
    assert.deepEqual([kind, answer.outcome, answer.text], [kind, 'ok', text]);
  }
});

/** A failed request says so in Nex's, NATS micro's and our own headers, and shows no stack. */
function assertCoded(answer: Answer, code: string, text: RegExp): void {
  assert.equal(answer.outcome, code);
  const get = (name: string): string => answer.headers?.get(name) ?? '';
  assert.match(get('Nats-Service-Error'), text);
  assert.match(get('error'), text);
  assert.match(get('Nats-Service-Error-Code'), /^[45]\d\d$/);
  assert.match(get('Hairspring-Retryable'), /^(true|false)$/);
  assert.equal(get('namespace'), 'default');
  assert.notEqual(get('workload_id'), '');
  assert.equal(JSON.parse(answer.text).code, code);
  const everything = [answer.text, ...(answer.headers?.keys() ?? []).map((key) => get(key))].join('\n');
  assert.doesNotMatch(everything, /\bat .*:\d+:\d+|\.js:\d|\/src\//, 'a reply shows a stack');
}

test('What a handler throws, rejects or cannot send reaches the caller as a coded error without a stack', async () => {
  await deploy({
    name: 'broken',
    code: `export default { message(msg) { switch (msg.params.way) {
      case 'throw': throw new TypeError('no such thing');
      case 'reject': return Promise.reject(new Error('turned down'));
      case 'later': return new Promise((_, reject) => setTimeout(() => reject(new RangeError('too late')), 1));
      case 'nothing': throw undefined;
      case 'null-prototype': throw Object.create(null);
      case 'symbol': throw Symbol('odd');
      case 'getter': { const error = new Error('x'); Object.defineProperty(error, 'message', { get() { throw error; } }); throw error; }
      case 'lines': throw new Error('one\\r\\nHairspring-Error: HS_OK\\r\\n\\r\\ntwo');
      case 'cycle': { const value = {}; value.self = value; return value; }
      case 'bigint': return { n: 1n };
      case 'function': return () => 1;
      case 'code': { const error = new Error('mine'); error.code = 'HS_DRAINING'; throw error; }
    } } };`,
    triggers: ['broken.{way}'],
  });
  const ways: Readonly<Record<string, readonly [string, RegExp]>> = {
    throw: ['HS_FUNCTION_THREW', /TypeError: no such thing/],
    reject: ['HS_FUNCTION_THREW', /turned down/],
    later: ['HS_FUNCTION_THREW', /RangeError: too late/],
    nothing: ['HS_FUNCTION_THREW', /threw/],
    'null-prototype': ['HS_FUNCTION_THREW', /threw/],
    symbol: ['HS_FUNCTION_THREW', /odd/],
    getter: ['HS_FUNCTION_THREW', /threw/],
    lines: ['HS_FUNCTION_THREW', /one/],
    cycle: ['HS_FUNCTION_NO_REPLY', /./],
    bigint: ['HS_FUNCTION_NO_REPLY', /./],
    function: ['HS_FUNCTION_NO_REPLY', /./],
    code: ['HS_FUNCTION_THREW', /mine/],
  };
  for (const [way, [code, text]] of Object.entries(ways)) {
    const answer = await ask(`broken.${way}`);
    assert.equal(answer.outcome, code, way);
    assertCoded(answer, code, text);
    assert.equal(answer.headers?.values('Hairspring-Error').length, 1, way);
  }
});

test('A module without a message handler is refused at deploy', async () => {
  const code = 'export default { fetch() {} };';
  await assert.rejects(deploy({ name: 'mute', code }), { code: 'HS_HANDLER_MISSING' });
  assert.equal((await ask('mute')).outcome, 'no responders');
});

test('A function is invoked by name over the control plane, its error in the result', async () => {
  await deploy({
    name: 'named',
    code: handler('if (msg.text() === "bad") throw new Error("no"); return msg.subject + msg.text();'),
    triggers: ['named.{one}', 'named'],
  });
  const client = world.client();
  const good = await client.invoke('named', 'x');
  assert.equal(Buffer.from(good.data).toString(), 'namedx');
  const other = await client.invoke('named', 'x', { subject: 'named.y' });
  assert.equal(Buffer.from(other.data).toString(), 'named.yx');
  assert.equal((await client.invoke('named', 'bad')).error?.code, 'HS_FUNCTION_THREW');
  assert.equal(
    (await client.invoke('named', '', { subject: 'else.where' })).error?.code,
    'HS_INVOKE_SUBJECT',
  );
  await assert.rejects(client.invoke('nobody', ''), { code: 'HS_FUNCTION_NOT_FOUND' });
});
