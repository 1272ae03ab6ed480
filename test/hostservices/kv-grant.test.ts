import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import fc from 'fast-check';
import { HairspringError, subjectMatches } from '../../src/core/index.ts';
import { checkKey, keysFilter, watchFilter } from '../../src/hostservices/kv/grant.ts';
import { createBucket, kvBinding, openBinding } from '../support/kv.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

let server: TestNats;
let nc: NatsConnection;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  const bucket = await createBucket(nc, 'granted');
  for (const key of ['t.a', 't.b.c', 'u.a', 'plain']) await bucket.put(key, 'before');
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

const OPERATIONS = [
  ['get', 'read'],
  ['keys', 'read'],
  ['put', 'write'],
  ['create', 'write'],
  ['update', 'write'],
  ['delete', 'write'],
  ['history', 'read'],
  ['watch', 'read'],
  ['next', 'read'],
  ['close', 'read'],
  ['purge', 'write'],
] as const;

const ARGUMENTS: Readonly<Record<string, (string | number)[]>> = {
  keys: ['t.'],
  update: ['t.a', 999_999],
  watch: ['', 0, 't.>'],
  next: [999],
  close: [999],
};

test('Every operation outside its grant is refused by access, naming the binding', async () => {
  for (const access of ['read', 'write', 'read-write'] as const) {
    const handle = openBinding(nc, kvBinding('granted', { access }), 'LABEL');
    for (const [op, needed] of OPERATIONS) {
      const args = ARGUMENTS[op] ?? ['t.a'];
      const allowed = access === 'read-write' || access === needed;
      if (!allowed) {
        const error = await handle.refused(op, args, 'v');
        assert.equal(error.code, 'HS_BINDING_DENIED', `${access} ${op}`);
        assert.match(error.message, new RegExp(`Cannot ${op} .*"granted".*LABEL.*"${access}"`));
        continue;
      }
      const outcome = await handle.call(op, args, 'v').catch((error: unknown) => error);
      if (HairspringError.is(outcome))
        assert.equal(
          outcome.code,
          op === 'next' ? 'HS_HOST_CALL_INVALID' : 'HS_KV_REVISION_CONFLICT',
          `${access} ${op}`,
        );
    }
  }
});

test('Every operation on a key outside its grant is refused, naming the binding and the keys', async () => {
  const patterns: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['t.>', ['t.a', 't.b.c'], ['t', 'u.a', 'plain', 'ta.b']],
    ['t.*', ['t.a'], ['t.b.c', 't', 'u.a']],
    ['*.a', ['t.a', 'u.a'], ['t.b', 'a', 'x.y.a']],
    ['plain', ['plain'], ['plain.x', 'Plain', 'plai']],
    ['*', ['plain'], ['t.a']],
  ];
  for (const [keys, inside, outside] of patterns) {
    const handle = openBinding(nc, kvBinding('granted', { keys }), 'LABEL');
    for (const [op] of OPERATIONS.filter(([name]) => ARGUMENTS[name] === undefined || name === 'update')) {
      for (const key of outside) {
        const error = await handle.refused(op, [key, 1], 'v');
        assert.equal(error.code, 'HS_BINDING_DENIED', `${keys} ${op} ${key}`);
        assert.match(error.message, /LABEL grants keys/);
        assert.ok(error.message.includes(`"${keys}"`) && error.message.includes(`"${key}"`), error.message);
      }
    }
    for (const key of inside) await handle.call('get', [key]);
  }
});

test('A listing never shows a key outside the grant', async () => {
  await createBucket(nc, 'mixed');
  const all = ['t.a', 't.b', 't.b.c', 'u.a', 'u.b', 'a', 'b'];
  const writer = openBinding(nc, kvBinding('mixed'));
  for (const key of all) await writer.call('put', [key], 'v');
  for (const keys of ['t.>', 't.*', '*.a', 'u.b', '>', 'a', '*']) {
    const handle = openBinding(nc, kvBinding('mixed', { keys }));
    for (const prefix of ['', 't', 't.', 't.b', 't.b.', 'u', 'u.', 'a']) {
      const seen = await handle.call('keys', [prefix]).catch((error: unknown) => {
        assert.ok(HairspringError.is(error) && error.code === 'HS_BINDING_DENIED', String(error));
        return [];
      });
      const expected = all.filter((key) => subjectMatches(keys, key) && key.startsWith(prefix));
      assert.deepEqual(seen, expected.toSorted(), `${keys} with prefix "${prefix}"`);
    }
  }
});

test('Keys that NATS would not take, or would take as something else, are refused as invalid', async () => {
  const handle = openBinding(nc, kvBinding('granted'));
  const odd = [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '>',
    '*',
    'a.>',
    'a.*',
    'a b',
    'a\tb',
    'a\r\nPUB x 0',
    'ä',
    '\u0000',
  ];
  const odder = ['a'.repeat(513), '$JS.API', 'a:b', 'a*', '\ud800', 'a\\b', 'a"b', '%2e', '{a}'];
  for (const key of [...odd, ...odder])
    assert.equal((await handle.refused('put', [key], 'v')).code, 'HS_KV_KEY_INVALID', JSON.stringify(key));
  for (const key of [null, 5]) assert.equal((await handle.refused('get', [key])).code, 'HS_KV_KEY_INVALID');
  assert.equal((await handle.refused('get', [])).code, 'HS_KV_KEY_INVALID');
  for (const prefix of ['*', 'a.>', 'a b', '$', 'a'.repeat(513), 'a..b', '.a', 5, null])
    assert.equal((await handle.refused('keys', [prefix])).code, 'HS_KV_KEY_INVALID', JSON.stringify(prefix));
  for (const key of ['a', 'A-Z_0/9=.b', '-', '_', '/', '=', 'a'.repeat(400)])
    assert.equal(typeof (await handle.call('put', [key], 'v')), 'number', key);
});

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('a', 't', '.', '..', '*', '>', '$', '$KV', ' ', '\r\n', '/', '\u0000', 'ä', '-'))
    .map((parts) => parts.join('')),
);
const grants = fc.constantFrom('>', 't.>', 't.*', '*.a', 'a', '*', 'a.*.t');

test('No string whatever becomes a key whose subject lies outside the bucket or the grant', () => {
  fc.assert(
    fc.property(grants, anything, (keys, text) => {
      let key: string;
      try {
        key = checkKey('L', kvBinding('mine', { keys }), 'put', text);
      } catch (error) {
        assert.ok(HairspringError.is(error), String(error));
        assert.ok(['HS_KV_KEY_INVALID', 'HS_BINDING_DENIED'].includes(error.code));
        return;
      }
      const subject = `$KV.mine.${key}`;
      assert.ok(subjectMatches('$KV.mine.>', subject));
      assert.ok(subjectMatches(`$KV.mine.${keys}`, subject));
      assert.match(subject, /^[\x21-\x7e]+$/);
      assert.ok(subject.split('.').every((token) => token !== '' && token !== '*' && token !== '>'));
    }),
    { numRuns: 3_000 },
  );
});

test('No filter whatever makes a watch wider than the grant, and none within it is refused', () => {
  const token = fc.constantFrom('a', 't', 'ab', '*');
  const filter = fc
    .tuple(fc.array(token, { maxLength: 3 }), fc.constantFrom(...['a', 't', '*', '>']))
    .map(([tokens, last]) => [...tokens, last].join('.'));
  const key = fc.array(fc.constantFrom('a', 't', 'ab', 'b'), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      grants,
      fc.oneof(anything, filter),
      fc.array(key, { maxLength: 20 }),
      (keys, wanted, some) => {
        const candidates = some.map((tokens) => tokens.join('.'));
        let found: string;
        try {
          found = watchFilter('L', kvBinding('mine', { keys }), wanted);
        } catch (error) {
          assert.ok(HairspringError.is(error), String(error));
          assert.ok(['HS_KV_KEY_INVALID', 'HS_BINDING_DENIED'].includes(error.code));
          assert.ok(wanted !== keys && keys !== '>' ? true : error.code === 'HS_KV_KEY_INVALID');
          return;
        }
        assert.equal(found, wanted);
        for (const one of candidates.filter((candidate) => subjectMatches(found, candidate)))
          assert.ok(subjectMatches(keys, one), `${one} by ${found}`);
      },
    ),
    { numRuns: 3_000 },
  );
  assert.equal(watchFilter('L', kvBinding('mine', { keys: 't.*' }), undefined), 't.*');
});

test('No prefix whatever makes a listing wider than the grant, or hides a key of it', () => {
  const token = fc.constantFrom('a', 't', 'ab', 'b');
  const key = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
  const prefix = fc.oneof(
    anything,
    key,
    key.map((text) => `${text}.`),
    key.map((text) => text.slice(0, -1)),
  );
  fc.assert(
    fc.property(grants, prefix, fc.array(key, { maxLength: 12 }), (keys, wanted, stored) => {
      const binding = kvBinding('mine', { keys });
      const expected = stored.filter((one) => subjectMatches(keys, one) && one.startsWith(wanted));
      let filter: string;
      try {
        filter = keysFilter('L', binding, wanted).filter;
      } catch (error) {
        assert.ok(HairspringError.is(error), String(error));
        assert.deepEqual(expected, []);
        return;
      }
      const listed = stored.filter((one) => subjectMatches(filter, one));
      for (const one of listed) assert.ok(subjectMatches(keys, one), `${filter} is wider than ${keys}`);
      assert.deepEqual(
        listed.filter((one) => one.startsWith(wanted)),
        expected,
      );
    }),
    { numRuns: 3_000 },
  );
});

test('What a function was refused has changed nothing', async () => {
  await createBucket(nc, 'theirs');
  const theirs = openBinding(nc, kvBinding('theirs'));
  await theirs.call('put', ['k'], 'untouched');
  const handle = openBinding(nc, kvBinding('granted', { keys: 't.>' }));
  for (const key of [
    '../theirs.k',
    't.x\r\nPUB $KV.theirs.k 3\r\nbad',
    '>',
    '*.k',
    't.$KV.theirs.k',
    't..theirs.k',
  ])
    assert.match(
      (await handle.refused('put', [key], 'bad')).code,
      /HS_KV_KEY_INVALID|HS_BINDING_DENIED/,
      key,
    );
  assert.equal(Buffer.from((await theirs.result('get', ['k'])).data ?? '').toString(), 'untouched');
});
