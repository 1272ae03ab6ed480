import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Binding, HairspringError } from '../../src/core/index.ts';
import {
  at,
  BEGIN_WRITE,
  blobComponent,
  call,
  FINISH,
  getData,
  LABEL,
  NAME,
  OR_ERROR,
  OR_STREAM_ERROR,
  OTHER,
  reply,
  TO_ITS_END,
} from '../support/blobstore-texts.ts';
import { type ComponentText, compileComponent } from '../support/component/index.ts';
import { FakeStore } from '../support/fake-store.ts';
import { createTestFunction, type TestFunction } from '../support/functions.ts';
import { until } from '../support/turns.ts';

const PHOTOS: Binding = {
  service: 'objectstore',
  bucket: 'photos',
  access: 'read-write',
  existing: true,
  create: { storage: 'file', replicas: 1 },
};

function createProbe(store: FakeStore, text: ComponentText): TestFunction {
  const bindings = { PHOTOS, OTHER: PHOTOS };
  return createTestFunction(compileComponent(text, { bindings }), {
    bindings,
    prepared: { PHOTOS: store, OTHER: store },
  });
}

const READ_WHOLE = `${call('consume', '(local.get $value)')} ${OR_ERROR} ${reply(at(4), at(8))}`;

test('A component reads objects and parts of them, whose ends are inclusive', async () => {
  const store = new FakeStore();
  store.put('a', 'first', '-', 'second');
  store.put('empty');
  for (const [name, start, end, expected] of [
    ['a', 0, TO_ITS_END, 'first-second'],
    ['a', 0, '0', 'f'],
    ['a', 3, '7', 'st-se'],
    ['a', 6, '99', 'second'],
    ['a', 12, '99', ''],
    ['empty', 0, '0', ''],
  ] as const) {
    using probe = createProbe(store, blobComponent(`${getData(start, end)} ${READ_WHOLE}`));
    assert.equal(await probe.text({ data: name }), expected, `${name} from ${start} to ${end}`);
    assert.equal(store.open, 0, 'a transfer is left open');
  }
});

test('What is wrong with a part, or is not there, is an error with our code', async () => {
  const store = new FakeStore();
  store.put('a', 'first');
  using backwards = createProbe(store, blobComponent(`${getData(3, '2')} ${READ_WHOLE}`));
  assert.match(await backwards.text({ data: 'a' }), /^HS_HOST_CALL_INVALID: .*byte 3 to byte 2/);
  using whole = createProbe(store, blobComponent(`${getData(0, TO_ITS_END)} ${READ_WHOLE}`));
  assert.match(
    await whole.text({ data: 'none' }),
    /^HS_OBJECT_MISSING: Cannot get object "none" of PHOTOS: there is no such object/,
  );
  store.before = ({ op }) => {
    if (op === 'next') throw new HairspringError('HS_OBJECT_CORRUPT', 'Cannot read it');
  };
  assert.equal(await whole.text({ data: 'a' }), 'HS_OBJECT_CORRUPT: Cannot read it');
});

test('An object is not read as one list when it is over 16 MiB', async () => {
  const store = new FakeStore();
  const chunk = 'x'.repeat(4 * 1024 ** 2 + 1);
  store.put('huge', chunk, chunk, chunk, chunk);
  using probe = createProbe(store, blobComponent(`${getData(0, TO_ITS_END)} ${READ_WHOLE}`));
  assert.match(
    await probe.text({ data: 'huge' }),
    /^HS_OBJECT_TOO_LARGE: .*16777220 bytes are over the limit of 16777216/,
  );
  assert.deepEqual(store.ops(), ['get']);
});

/** Reads to the end in pieces of at most four bytes, with a stroke behind each. */
const READ_PIECES = `${getData(0, TO_ITS_END)}
  ${call('consume-stream', '(local.get $value)')} ${OR_ERROR} (local.set $from ${at(4)})
  (local.set $end (i32.const 4096))
  (block $over (loop $on
    ${call('blocking-read', '(local.get $from)', '(i64.const 4)')}
    (br_if $over (i32.load8_u (i32.const 512)))
    (memory.copy (local.get $end) ${at(4)} ${at(8)})
    (local.set $end (i32.add (local.get $end) ${at(8)}))
    (i32.store8 (local.get $end) (i32.const 0x7c))
    (local.set $end (i32.add (local.get $end) (i32.const 1)))
    (br $on)))`;
const ANSWER_PIECES = reply('(i32.const 4096)', '(i32.sub (local.get $end) (i32.const 4096))');

test('A stream gives what is there, asks the host for no more than it needs, and ends as closed', async () => {
  const store = new FakeStore();
  store.put('a', 'first', '-', 'sec');
  const again = call('blocking-read', '(local.get $from)', '(i64.const 4)');
  using probe = createProbe(store, blobComponent(`${READ_PIECES} ${ANSWER_PIECES}`));
  assert.equal(await probe.text({ data: 'a' }), 'firs|t|-|sec|');
  using after = createProbe(store, blobComponent(`${READ_PIECES} ${again} ${OR_STREAM_ERROR} (unreachable)`));
  assert.equal(await after.text({ data: 'a' }), 'closed');

  store.calls.length = 0;
  const body = `${getData(0, TO_ITS_END)} ${call('consume-stream', '(local.get $value)')} ${OR_ERROR}
    (local.set $from ${at(4)}) ${call('blocking-read', '(local.get $from)', '(i64.const 99)')} ${OR_STREAM_ERROR}
    (call $drop-input (local.get $from)) ${reply(at(4), at(8))}`;
  using once = createProbe(store, blobComponent(body));
  assert.equal(await once.text({ data: 'a' }), 'first');
  assert.deepEqual(store.ops(), ['get', 'open', 'next', 'close']);
  assert.equal(store.open, 0);
});

test('A stream that breaks off says why, and is closed then', async () => {
  const store = new FakeStore();
  store.put('a', 'first', 'second');
  let reads = 0;
  store.before = ({ op }) => {
    if (op !== 'next') return;
    reads += 1;
    if (reads % 2 === 0) throw new HairspringError('HS_OBJECT_CUT', 'Cannot go on');
  };
  using probe = createProbe(store, blobComponent(`${READ_PIECES} ${OR_STREAM_ERROR} (unreachable)`));
  assert.equal(await probe.text({ data: 'a' }), 'HS_OBJECT_CUT: Cannot go on');
  const again = call('blocking-read', '(local.get $from)', '(i64.const 4)');
  using after = createProbe(store, blobComponent(`${READ_PIECES} ${again} ${OR_STREAM_ERROR} (unreachable)`));
  assert.equal(await after.text({ data: 'a' }), 'closed');
});

test('A component that polls is woken when a chunk is there', async () => {
  const store = new FakeStore();
  store.put('a', 'first');
  const answered = Promise.withResolvers<void>();
  store.before = ({ op }) => (op === 'next' ? answered.promise : undefined);
  // Nothing is there at first, and the pollable is not ready; then it is.
  const body = `${getData(0, TO_ITS_END)} ${call('consume-stream', '(local.get $value)')} ${OR_ERROR}
    (local.set $from ${at(4)}) (local.set $n (call $subscribe-in (local.get $from)))
    ${call('read', '(local.get $from)', '(i64.const 99)')} ${OR_STREAM_ERROR}
    (if ${at(8)} (then (unreachable))) (if (call $ready (local.get $n)) (then (unreachable)))
    (call $block (local.get $n)) (if (i32.eqz (call $ready (local.get $n))) (then (unreachable)))
    ${call('read', '(local.get $from)', '(i64.const 99)')} ${OR_STREAM_ERROR} ${reply(at(4), at(8))}`;
  using probe = createProbe(store, blobComponent(body));
  const text = probe.text({ data: 'a' });
  await until(() => store.ops().includes('next'));
  answered.resolve();
  assert.equal(await text, 'first');
});

const times = (count: number, body: string): string => `(local.set $n (i32.const ${count}))
  (loop $more ${body} (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $more (local.get $n)))`;
/** Bytes of the memory, which are zeros there. */
const PAGE = '(i32.const 1048576) (i32.const 65536)';
const writePages = (count: number): string =>
  times(count, `${call('blocking-write', '(local.get $stream)', PAGE)} ${OR_STREAM_ERROR}`);

test('What a component writes becomes the object when it is finished, in pieces', async () => {
  const store = new FakeStore();
  using probe = createProbe(store, blobComponent(`${BEGIN_WRITE} ${writePages(10)} ${FINISH}`));
  assert.equal(await probe.text({ data: 'big' }), 'done');
  assert.equal(store.text('big')?.length, 10 * 65_536);
  assert.deepEqual(store.ops(), ['create', 'write', 'write', 'write', 'finish']);
  const sizes = store.calls.filter(({ op }) => op === 'write').map(({ payload }) => payload?.length);
  assert.deepEqual(sizes, [262_144, 262_144, 131_072]);
});

test('A component that writes waits for the host, and holds no more than two pieces meanwhile', async () => {
  const store = new FakeStore();
  const answered = Promise.withResolvers<void>();
  store.before = ({ op }) => (op === 'write' ? answered.promise : undefined);
  // Writes what check-write allows until that is nothing, and logs how much it was.
  const body = `${BEGIN_WRITE}
    (block $full (loop $more ${call('check-write', '(local.get $stream)')}
      (br_if $full (i64.eqz (i64.load offset=8 (i32.const 512))))
      (local.set $end (i32.wrap_i64 (i64.load offset=8 (i32.const 512))))
      (local.set $from (i32.add (local.get $from) (local.get $end)))
      ${call('write', '(local.get $stream)', '(i32.const 1048576)', '(local.get $end)')} ${OR_STREAM_ERROR} (br $more)))
    (if (i32.ne (local.get $from) (i32.const 524288)) (then (unreachable)))
    (call $block (call $subscribe-out (local.get $stream)))
    ${call('check-write', '(local.get $stream)')}
    (if (i64.eqz (i64.load offset=8 (i32.const 512))) (then (unreachable)))
    ${FINISH}`;
  using probe = createProbe(store, blobComponent(body));
  const text = probe.text({ data: 'big' });
  await until(() => store.ops().includes('write'));
  assert.deepEqual(store.ops(), ['create', 'write']);
  answered.resolve();
  assert.equal(await text, 'done');
  assert.equal(store.text('big')?.length, 2 * 262_144);
});

test('Some may be written before it is said where it goes, and no more', async () => {
  const store = new FakeStore();
  const early = (pages: number): string => `(local.set $value (call $new-value))
    ${call('body', '(local.get $value)')} (local.set $stream ${at(4)}) ${writePages(pages)}
    ${call('write-data', '(local.get $container)', NAME, '(local.get $value)')} ${OR_ERROR} ${FINISH}`;
  using probe = createProbe(store, blobComponent(early(16)));
  assert.equal(await probe.text({ data: 'big' }), 'done');
  assert.equal(store.text('big')?.length, 1024 ** 2);
  using more = createProbe(store, blobComponent(early(17)));
  assert.match(await more.text({ data: 'more' }), /^HS_HOST_CALL_LIMIT: .*1048576 bytes/);
  assert.equal(store.text('more'), undefined);
});

test('A value that is dropped or left unfinished, or fails on the way, leaves the object that was there', async () => {
  const store = new FakeStore();
  store.put('a', 'former');
  const dropped = `${BEGIN_WRITE} ${writePages(5)} (call $drop-value (local.get $value)) ${reply('(i32.const 0)', '(i32.const 0)')}`;
  using dropping = createProbe(store, blobComponent(dropped));
  assert.equal(await dropping.text({ data: 'a' }), '');
  assert.deepEqual([store.text('a'), store.ops().at(-1)], ['former', 'close']);
  store.before = ({ op }) => {
    if (op === 'write') throw new HairspringError('HS_OBJECT_BUCKET_FULL', 'Cannot write');
  };
  using full = createProbe(
    store,
    blobComponent(`${BEGIN_WRITE} ${FINISH.replace('(call', `${writePages(1)} (call`)}`),
  );
  assert.equal(await full.text({ data: 'a' }), 'HS_OBJECT_BUCKET_FULL: Cannot write');
  using long = createProbe(store, blobComponent(`${BEGIN_WRITE} ${writePages(40)} ${FINISH}`));
  assert.equal(await long.text({ data: 'a' }), 'HS_OBJECT_BUCKET_FULL: Cannot write');
  assert.equal(store.text('a'), 'former');
});

test('A value is that of one object, and has one body', async () => {
  const store = new FakeStore();
  const twice = `${BEGIN_WRITE} ${call('write-data', '(local.get $container)', NAME, '(local.get $value)')} ${OR_ERROR} (unreachable)`;
  using probe = createProbe(store, blobComponent(twice));
  assert.match(await probe.text({ data: 'a' }), /^HS_HOST_CALL_INVALID: .*that of another object/);
  const body = `${BEGIN_WRITE} ${call('body', '(local.get $value)')}
    ${reply('(i32.const 512)', '(i32.const 1)')}`;
  using bodies = createProbe(store, blobComponent(body));
  assert.equal(await bodies.text({ data: 'a' }), '\u0001');
  const unnamed = `(local.set $value (call $new-value)) ${call('finish', '(local.get $value)')} ${OR_ERROR} (unreachable)`;
  using nowhere = createProbe(store, blobComponent(unnamed));
  assert.match(await nowhere.text(), /^HS_HOST_CALL_INVALID: .*no write-data/);
});

test('An invocation has no more values at once than a binding lets be open', async () => {
  const store = new FakeStore();
  const many = (count: number, each: string): string =>
    `${times(count, each)} ${reply('(i32.const 0)', '(i32.const 6)')}`;
  using probe = createProbe(store, blobComponent(many(17, '(drop (call $new-value))')));
  assert.equal(await probe.code(), 'HS_FUNCTION_THREW');
  using dropping = createProbe(store, blobComponent(many(50, '(call $drop-value (call $new-value))')));
  assert.equal(await dropping.text(), 'PHOTOS');
  using some = createProbe(store, blobComponent(many(16, '(drop (call $new-value))')));
  assert.deepEqual([await some.text(), await some.text()], ['PHOTOS', 'PHOTOS']);
});

test('A component writes more than is allowed only to its own harm', async () => {
  const store = new FakeStore();
  const body = `${BEGIN_WRITE} ${call('write', '(local.get $stream)', '(i32.const 1048576) (i32.const 262145)')} ${FINISH}`;
  using probe = createProbe(store, blobComponent(body));
  assert.equal(await probe.code({ data: 'a' }), 'HS_FUNCTION_THREW');
});

test('A stream is spliced into another one, as much as there is room for', async () => {
  const store = new FakeStore();
  store.put('PHOTOS', 'x'.repeat(300_000), 'y'.repeat(300_000));
  const body = `${call('get-data', '(local.get $container)', LABEL, '(i64.const 0)', '(i64.const -1)')} ${OR_ERROR}
    ${call('consume-stream', at(4))} ${OR_ERROR} (local.set $from ${at(4)}) ${BEGIN_WRITE}
    (block $over (loop $on ${call('splice', '(local.get $stream)', '(local.get $from)', '(i64.const 1000000)')}
      (br_if $over (i32.load8_u (i32.const 512))) (br $on)))
    ${FINISH}`;
  using probe = createProbe(store, blobComponent(body));
  assert.equal(await probe.text({ data: 'copy' }), 'done');
  assert.equal(store.text('copy'), store.text('PHOTOS'));
});

test('Objects are listed, looked for, told of and deleted', async () => {
  const store = new FakeStore();
  for (const name of ['a', 'bb', 'ccc']) store.put(name, name);
  // The second name of the first two, and whether that was all.
  const list = `${call('list', '(local.get $container)')} ${OR_ERROR} (local.set $from ${at(4)})
    ${call('read-names', '(local.get $from)', '(i64.const 2)')} ${OR_ERROR}
    (if (i32.or (i32.ne ${at(8)} (i32.const 2)) ${at(12)}) (then (unreachable)))
    (local.set $end (i32.load offset=8 ${at(4)}))
    ${call('read-names', '(local.get $from)', '(i64.const 2)')} ${OR_ERROR}
    (if (i32.or (i32.ne ${at(8)} (i32.const 1)) (i32.ne (i32.load8_u offset=12 (i32.const 512)) (i32.const 1))) (then (unreachable)))
    ${reply('(local.get $end)', '(i32.const 2)')}`;
  using lister = createProbe(store, blobComponent(list));
  assert.equal(await lister.text(), 'bb');
  const has = `${call('has', '(local.get $container)', NAME)} ${OR_ERROR}
    (i32.store8 (i32.const 200) (i32.add (i32.const 48) (i32.load8_u (i32.const 516)))) ${reply('(i32.const 200)', '(i32.const 1)')}`;
  using looker = createProbe(store, blobComponent(has));
  assert.deepEqual([await looker.text({ data: 'bb' }), await looker.text({ data: 'b' })], ['1', '0']);
  const info = `${call('info', '(local.get $container)', NAME)}
    (if (i32.load8_u (i32.const 512)) (then ${reply('(i32.load (i32.const 520))', '(i32.load (i32.const 524))')}))
    (if (i64.ne (i64.load (i32.const 536)) (i64.const 1700000000)) (then (unreachable)))
    (if (i64.ne (i64.load (i32.const 544)) (i64.const 3)) (then (unreachable)))
    ${reply('(i32.load (i32.const 528))', '(i32.load (i32.const 532))')}`;
  using teller = createProbe(store, blobComponent(info));
  assert.equal(await teller.text({ data: 'ccc' }), 'PHOTOS');
  assert.match(await teller.text({ data: 'c' }), /^HS_OBJECT_MISSING: /);
  using deleter = createProbe(
    store,
    blobComponent(
      `${call('delete', '(local.get $container)', NAME)} ${OR_ERROR} ${reply('(local.get $data)', '(local.get $dataLength)')}`,
    ),
  );
  assert.equal(await deleter.text({ data: 'bb' }), 'bb');
  assert.deepEqual([...store.objects.keys()], ['a', 'ccc']);
  using clearer = createProbe(
    store,
    blobComponent(
      `${call('clear', '(local.get $container)')} ${OR_ERROR} ${reply('(local.get $data)', '(local.get $dataLength)')}`,
    ),
  );
  assert.equal(await clearer.text(), '');
  assert.equal(store.objects.size, 0);
});

test('An object is copied with what is said of it, and moved, but never onto itself', async () => {
  const store = new FakeStore();
  store.put('PHOTOS', 'content', 's');
  const to = (called: string, target: string): string =>
    `${call(called, LABEL, LABEL, target)} ${OR_ERROR} ${reply('(i32.const 0)', '(i32.const 1)')}`;
  using copier = createProbe(store, blobComponent(to('copy', `${LABEL} ${NAME}`)));
  assert.equal(await copier.text({ data: 'copy' }), 'P');
  assert.equal(store.text('copy'), 'contents');
  assert.deepEqual(JSON.parse(store.objects.get('copy')?.options ?? ''), {
    description: 'said',
    headers: { 'X-A': ['1', '2'] },
    metadata: { of: 'it' },
  });
  // Both bindings have the same bucket.
  using mover = createProbe(store, blobComponent(to('move', `${OTHER} ${NAME}`)));
  assert.equal(await mover.text({ data: 'PHOTOS' }), 'P');
  assert.equal(store.text('PHOTOS'), 'contents');
  assert.equal(await mover.text({ data: 'moved' }), 'P');
  assert.deepEqual([store.text('PHOTOS'), store.text('moved')], [undefined, 'contents']);
  assert.match(await mover.text({ data: 'moved' }), /^HS_OBJECT_MISSING: /);
  assert.equal(store.open, 0);
});

test('Containers are bindings, which functions neither create nor reach otherwise', async () => {
  const store = new FakeStore();
  const called = (name: string): string => `${call(name, NAME)} ${OR_ERROR}
    (i32.store8 (i32.const 200) (i32.add (i32.const 48) (i32.load8_u (i32.const 516)))) ${reply('(i32.const 200)', '(i32.const 1)')}`;
  using exists = createProbe(store, blobComponent(called('container-exists')));
  assert.deepEqual([await exists.text({ data: 'OTHER' }), await exists.text({ data: 'photos' })], ['1', '0']);
  using getter = createProbe(store, blobComponent(called('get-container')));
  assert.match(await getter.text({ data: 'toString' }), /^HS_BINDING_DENIED: .*no object-store binding/);
  using creator = createProbe(store, blobComponent(called('create-container')));
  assert.match(
    await creator.text({ data: 'NEW' }),
    /^HS_BINDING_DENIED: Cannot create container "NEW": .*Nexfile/,
  );
  assert.deepEqual(store.ops(), []);
});

test('A grant that covers less is an error with its code', async () => {
  const store = new FakeStore();
  store.before = () => {
    throw new HairspringError('HS_BINDING_DENIED', 'Cannot create');
  };
  using probe = createProbe(store, blobComponent(`${BEGIN_WRITE} ${FINISH}`));
  assert.equal(await probe.text({ data: 'a' }), 'HS_BINDING_DENIED: Cannot create');
});
