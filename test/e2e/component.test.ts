import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import {
  at,
  BEGIN_WRITE,
  blobComponent,
  call,
  FINISH,
  LABEL,
  OR_ERROR,
  reply,
} from '../support/blobstore-texts.ts';
import {
  answer,
  buildComponent,
  ECHO,
  type ImportText,
  joinSections,
  storeReply,
  type TypeText,
} from '../support/component/index.ts';
import { startTestHost } from '../support/host.ts';
import { countChunks, countObjectConsumers, createStore } from '../support/objects.ts';
import { until } from '../support/turns.ts';

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;

const VISITS = readFileSync(new URL('../../examples/wasm-visits/build/visits.wasm', import.meta.url));
const NOTES = readFileSync(new URL('../../examples/wasm-notes/build/notes.wasm', import.meta.url));
const VISITS_BINDINGS = { VISITS: { kv: 'visits', access: 'read-write' } };

test('A component is deployed, and answers messages', async () => {
  await deploy({ name: 'echo', code: buildComponent({ body: ECHO }) });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask('echo', `n${index}`)));
  assert.deepEqual(
    answers.map(({ text }) => text),
    Array.from({ length: 100 }, (_, index) => `n${index}`),
  );
});

test('A component counts in a bucket by wasi:keyvalue, as many as come at once', async () => {
  await deploy({
    name: 'visits',
    code: VISITS,
    triggers: ['visits.{page}'],
    bindings: VISITS_BINDINGS,
  });
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask('visits.home')));
  assert.deepEqual(answers.map(({ text }) => Number(text)).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  const bucket = await new Kvm(nc).open('visits');
  assert.equal((await bucket.get('home'))?.string(), '8');
});

test('A component without the binding that it imports is refused, and the old version goes on', async () => {
  await assert.rejects(deploy({ name: 'visits', code: VISITS, triggers: ['visits.{page}'] }), {
    code: 'HS_WASM_INVALID',
    message: /imports "wasi:keyvalue\/.*no binding of the function grants it/,
  });
  assert.equal((await ask('visits.home')).text, '9');
});

test('A binding that grants less than the component does is an error that it reads', async () => {
  await deploy({
    name: 'reader',
    code: VISITS,
    triggers: ['reader.{page}'],
    bindings: { VISITS: { kv: 'visits', access: 'read' } },
  });
  const refused = await ask('reader.home');
  assert.match(refused.text, /access denied/);
});

const HEADERS: TypeText = [
  'list',
  [
    'record',
    [
      ['name', 'string'],
      ['value', 'string'],
    ],
  ],
];
const FAILURE: TypeText = [
  'record',
  [
    ['code', 'string'],
    ['message', 'string'],
    ['retryable', 'bool'],
  ],
];
const REPLY: TypeText = [
  'record',
  [
    ['data', ['list', 'u8']],
    ['headers', HEADERS],
  ],
];
const MESSAGING: ImportText = {
  from: 'hairspring:function/messaging@1.0.0',
  functions: [
    {
      name: 'publish-acked',
      params: [
        'string',
        'string',
        HEADERS,
        ['list', 'u8'],
        [
          'record',
          [
            ['timeout-ms', ['option', 'u32']],
            ['message-id', ['option', 'string']],
            ['expected-last-sequence', ['option', 'u64']],
            ['expected-last-subject-sequence', ['option', 'u64']],
          ],
        ],
      ],
      result: [
        'result',
        [
          'record',
          [
            ['stream', 'string'],
            ['sequence', 'u64'],
            ['duplicate', 'bool'],
          ],
        ],
        FAILURE,
      ],
    },
    {
      name: 'call',
      params: ['string', ['option', 'string'], HEADERS, ['list', 'u8'], ['option', 'u32']],
      result: ['result', REPLY, FAILURE],
    },
    {
      name: 'request',
      params: ['string', 'string', HEADERS, ['list', 'u8'], ['option', 'u32']],
      result: ['result', REPLY, FAILURE],
    },
  ],
};

test('A component asks others by hairspring:function/messaging, within its grant', async () => {
  const rest = `(import "host" "request" (func $request (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 0) "BUS")`;
  const body = `(call $request (i32.const 0) (i32.const 3) (local.get $data) (local.get $dataLength)
      (i32.const 0) (i32.const 0) (local.get $subject) (local.get $subjectLength) (i32.const 1) (i32.const 2000) (i32.const 64))
    (if (i32.load8_u (i32.const 64)) (then
      ${storeReply('(i32.load (i32.const 68))', '(i32.load (i32.const 72))')} (return (i32.const 1024))))
    ${answer('(i32.load (i32.const 68))', '(i32.load (i32.const 72))')}`;
  await deploy({
    name: 'asker',
    code: buildComponent({ body, rest, imports: [MESSAGING] }),
    bindings: { BUS: { request: ['echo'] } },
  });
  assert.equal((await ask('asker', 'echo')).text, 'asker');
  assert.equal((await ask('asker', 'visits.home')).text, 'HS_BINDING_DENIED');
});

test('A component calls the functions that its binding names', async () => {
  const rest = `(import "host" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))`;
  const body = `(call $call (local.get $data) (local.get $dataLength) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (local.get $subject) (local.get $subjectLength) (i32.const 1) (i32.const 2000) (i32.const 64))
    (if (i32.load8_u (i32.const 64)) (then
      ${storeReply('(i32.load (i32.const 68))', '(i32.load (i32.const 72))')} (return (i32.const 1024))))
    ${answer('(i32.load (i32.const 68))', '(i32.load (i32.const 72))')}`;
  await deploy({
    name: 'caller',
    code: buildComponent({ body, rest, imports: [MESSAGING] }),
    bindings: { OTHERS: { call: ['echo'] } },
  });
  assert.equal((await ask('caller', 'echo')).text, 'caller');
  assert.equal((await ask('caller', 'visits')).text, 'HS_BINDING_DENIED');
});

test('A component publishes to a stream, which stores a message of one id once', async () => {
  await (await jetstreamManager(nc)).streams.add({ name: 'orders', subjects: ['orders.*'] });
  // Binding, subject, no headers, the payload, no time-out, the payload as id too, the first in the stream or nothing.
  const rest = `(import "host" "publish-acked" (func $publish (param i32 i32)))
    (data (i32.const 0) "BUSorders.new") (func $set (param i32 i32) (i32.store (local.get 0) (local.get 1)))`;
  const parameters = ['0', '3', '3', '10', '0', '0'].map((value) => `(i32.const ${value})`);
  parameters.push('(local.get $data)', '(local.get $dataLength)', '(i32.const 0)', '(i32.const 0)');
  parameters.push('(i32.const 1)', '(local.get $data)', '(local.get $dataLength)');
  const body = `${parameters.map((value, index) => `(call $set (i32.const ${128 + index * 4}) ${value})`).join('\n')}
    (call $publish (i32.const 128) (i32.const 64))
    (if (i32.load8_u (i32.const 64)) (then
      ${storeReply('(i32.load (i32.const 72))', '(i32.load (i32.const 76))')} (return (i32.const 1024))))
    (i32.store8 (i32.const 90) (i32.add (i32.const 48) (i32.load8_u (i32.const 80))))
    (i32.store8 (i32.const 91) (i32.add (i32.const 48) (i32.load8_u (i32.const 88))))
    ${answer('(i32.const 90)', '(i32.const 2)')}`;
  await deploy({
    name: 'orderer',
    code: buildComponent({ body, rest, imports: [MESSAGING] }),
    bindings: { BUS: { publish: ['orders.new'] } },
  });
  const answers = [await ask('orderer', 'a'), await ask('orderer', 'a'), await ask('orderer', 'b')];
  assert.deepEqual(
    answers.map(({ text }) => text),
    ['10', '11', '20'],
  );
});

test('A component that common tools have made keeps objects by wasi:blobstore, and reads them', async () => {
  const bindings = { NOTES: { objectstore: 'notes', access: 'read-write' } };
  await deploy({ name: 'notes', code: NOTES, triggers: ['notes.{title}'], bindings });
  const missing = await ask('notes.todo');
  assert.equal(missing.outcome, 'HS_FUNCTION_THREW');
  assert.match(
    missing.text,
    /HS_OBJECT_MISSING: Cannot get object .*todo.* of NOTES: there is no such object/,
  );
  const note = randomBytes(300_000).toString('base64');
  assert.equal((await ask('notes.todo', note)).text, 'kept');
  assert.equal((await ask('notes.todo')).text, note);
  assert.equal(await countObjectConsumers(nc, 'notes'), 0);
  const kept = await (await createStore(nc, 'notes')).getBlob('todo');
  assert.equal(Buffer.from(kept ?? []).toString(), note);
});

/** Splices the object `PHOTOS` into the one that the payload names. */
const COPY = `${call('get-data', '(local.get $container)', LABEL, '(i64.const 0)', '(i64.const -1)')} ${OR_ERROR}
  ${call('consume-stream', at(4))} ${OR_ERROR} (local.set $from ${at(4)}) ${BEGIN_WRITE}
  (block $over (loop $on ${call('splice', '(local.get $stream)', '(local.get $from)', '(i64.const 1000000)')}
    (br_if $over (i32.load8_u (i32.const 512))) (br $on)))`;
const PHOTOS = { objectstore: 'photos', access: 'read-write' };

test('A component passes an object through that is larger than its memory', async () => {
  const store = await createStore(nc, 'photos');
  const content = randomBytes(32 * 1024 ** 2);
  await store.putBlob({ name: 'PHOTOS' }, content);
  const code = buildComponent(blobComponent(`${COPY} ${FINISH}`));
  const limits = { memory: '16MiB', timeout: '60s' };
  await deploy({ name: 'copier', code, limits, bindings: { PHOTOS } });
  assert.equal((await ask('copier', 'copy', { timeoutMs: 60_000 })).text, 'done');
  const digest = createHash('sha256').update(content).digest('base64url');
  assert.equal((await store.info('copy'))?.digest, `SHA-256=${digest}=`);
  assert.equal(await countObjectConsumers(nc, 'photos'), 0);
});

test('What a component has not finished when it ends leaves nothing in the bucket', async () => {
  const code = buildComponent(
    blobComponent(`${COPY} ${reply('(local.get $data)', '(local.get $dataLength)')}`),
  );
  await deploy({ name: 'quitter', code, limits: { timeout: '60s' }, bindings: { PHOTOS } });
  const before = await countChunks(nc, 'photos');
  assert.equal((await ask('quitter', 'never', { timeoutMs: 60_000 })).text, 'never');
  await until(async () => (await countChunks(nc, 'photos')) === before);
  assert.equal(await (await createStore(nc, 'photos')).info('never'), null);
});

test('A component has no more of an object store than its binding grants', async () => {
  const code = buildComponent(blobComponent(`${BEGIN_WRITE} ${FINISH}`));
  await deploy({ name: 'writer', code, bindings: { PHOTOS: { ...PHOTOS, access: 'read' } } });
  assert.match((await ask('writer', 'PHOTOS')).text, /^HS_BINDING_DENIED: .*grants access "read"/);
  await assert.rejects(deploy({ name: 'writer', code }), {
    code: 'HS_WASM_INVALID',
    message: /imports "wasi:blobstore\/.*no binding of the function grants it/,
  });
});

test('What is no component that can run is refused, and changes nothing', async () => {
  const whole = buildComponent({ body: ECHO });
  for (const code of [
    joinSections(),
    whole.subarray(0, 100),
    Buffer.concat([whole, Buffer.alloc(2_000_000, 7)]),
    buildComponent({ body: ECHO, memory: '20000' }),
  ]) {
    await assert.rejects(deploy({ name: 'echo', code }), { code: /HS_WASM_INVALID|HS_FUNCTION_MEMORY/ });
    assert.equal((await ask('echo', 'still')).text, 'still');
  }
});

test('A component that traps, loops or recurses for ever costs its own invocation only', async () => {
  const rest = '(func $deep (call $deep))';
  const body = `(if (i32.eq (local.get $dataLength) (i32.const 1)) (then (unreachable)))
    (if (i32.eq (local.get $dataLength) (i32.const 2)) (then (loop $on (br $on))))
    (if (i32.eq (local.get $dataLength) (i32.const 3)) (then (call $deep))) ${ECHO}`;
  await deploy({ name: 'hostile', code: buildComponent({ body, rest }), limits: { cpu: '100ms' } });
  const wanted = ['HS_FUNCTION_THREW', 'HS_FUNCTION_CPU', 'HS_FUNCTION_THREW'];
  const answers = await Promise.all(['x', 'xx', 'xxx'].map((payload) => ask('hostile', payload)));
  assert.deepEqual(
    answers.map(({ outcome }) => outcome),
    wanted,
  );
  assert.equal((await ask('hostile', 'fine')).text, 'fine');
  assert.equal((await ask('echo', 'fine')).text, 'fine');
});
