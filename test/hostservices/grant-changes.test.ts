import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Binding, HttpBinding, KvBinding, MessagingBinding } from '../../src/core/index.ts';
import { compareGrants, isWidening } from '../../src/hostservices/grant-changes.ts';
import { createGrant, refusalOf } from '../../src/hostservices/http/grant.ts';
import { coversPattern, coversUrl, parseUrlPattern } from '../../src/hostservices/http/url-pattern.ts';
import { checkKey, checkOperation } from '../../src/hostservices/kv/grant.ts';
import { checkSubject } from '../../src/hostservices/messaging/grant.ts';

/** Literal subjects of up to three tokens, one of which no filter of these tests names. */
const SUBJECTS: readonly string[] = ['a', 'b', 'x'].flatMap((first) => [
  first,
  ...['a', 'b', 'x'].flatMap((second) => [
    `${first}.${second}`,
    ...['a', 'b', 'x'].map((third) => `${first}.${second}.${third}`),
  ]),
]);

const filter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 1 }), fc.constantFrom('a', 'b', '*', '>'))
  .map(([head, last]) => [...head, last].join('.'));
const filters = fc.uniqueArray(
  filter.map((one) => `a.${one}`),
  { maxLength: 3 },
);

const kv: fc.Arbitrary<KvBinding> = fc.record({
  service: fc.constant('kv'),
  bucket: fc.constant('thumbs'),
  access: fc.constantFrom('read', 'write', 'read-write'),
  keys: filter,
  existing: fc.boolean(),
});

const messaging: fc.Arbitrary<MessagingBinding> = fc.record({
  service: fc.constant('messaging'),
  publish: filters,
  request: filters,
  call: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
});

const path = fc
  .array(fc.constantFrom('/', 'a', 'b', '*', '/*', '/a', ';', '%2e%2e', '..'), { maxLength: 5 })
  .map((parts) => `/${parts.join('')}`.replace(/\/+/g, '/'));
const urlPattern = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.constantFrom('e.test', '*.e.test', 'a.e.test', '*.a.e.test', 'b.a.e.test'),
    fc.constantFrom('', ':81'),
    fc.oneof(fc.constantFrom('', '/*', '/a/*'), path),
  )
  .map((parts) => `${parts[0]}://${parts[1]}${parts[2]}${parts[3]}`)
  .filter((text) => typeof parseUrlPattern(text) !== 'string');
const url = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.constantFrom('e.test', 'a.e.test', 'b.a.e.test', 'c.e.test', 'xe.test'),
    fc.constantFrom('', ':81'),
    fc
      .array(fc.constantFrom('/', 'a', 'b', '/a', ';', '/..;', '/%2e%2e', 'x'), { maxLength: 6 })
      .map((parts) => `/${parts.join('')}`.replace(/\/+/g, '/')),
  )
  .map((parts) => new URL(`${parts[0]}://${parts[1]}${parts[2]}${parts[3]}`));

const http: fc.Arbitrary<HttpBinding> = fc.record({
  service: fc.constant('http'),
  urls: fc.uniqueArray(urlPattern, { minLength: 1, maxLength: 3 }),
  methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'PUT'), { maxLength: 2 }),
  private: fc.boolean(),
});

function widens(before: Binding, after: Binding): boolean {
  return compareGrants({ ONE: before }, { ONE: after }).some(isWidening);
}

function passes(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

test('A KV grant widens exactly when it covers a call that the one before did not', () => {
  const calls = (['get', 'put'] as const).flatMap((op) => SUBJECTS.map((key) => ({ op, key })));
  const covered = (binding: KvBinding): readonly boolean[] =>
    calls.map(({ op, key }) =>
      passes(() => {
        checkOperation('ONE', binding, op);
        checkKey('ONE', binding, op, key);
      }),
    );
  fc.assert(
    fc.property(kv, kv, (before, after) => {
      const was = covered(before);
      const isWider = covered(after).some((allowed, index) => allowed && was[index] !== true);
      assert.equal(widens(before, after), isWider);
    }),
    { numRuns: 1_000 },
  );
});

test('A messaging grant that is not said to widen covers no subject that the one before did not', () => {
  const allows = (binding: MessagingBinding, op: 'publish' | 'request', subject: string): boolean =>
    passes(() => checkSubject('ONE', binding, op, subject));
  fc.assert(
    fc.property(messaging, messaging, (before, after) => {
      const more = (['publish', 'request'] as const).some((op) =>
        SUBJECTS.some((subject) => allows(after, op, subject) && !allows(before, op, subject)),
      );
      if (more) assert.ok(widens(before, after));
    }),
    { numRuns: 1_000 },
  );
});

test('A URL pattern that covers another one covers each of its URLs', () => {
  let covering = 0;
  fc.assert(
    fc.property(urlPattern, urlPattern, fc.array(url, { maxLength: 20 }), (one, two, urls) => {
      const pattern = parseUrlPattern(one);
      const other = parseUrlPattern(two);
      assert.ok(typeof pattern !== 'string' && typeof other !== 'string');
      assert.ok(coversPattern(pattern, pattern), one);
      if (!coversPattern(pattern, other)) return;
      covering += 1;
      for (const each of urls)
        if (coversUrl(other, each)) assert.ok(coversUrl(pattern, each), `${one} covers ${two}: ${each.href}`);
    }),
    { numRuns: 5_000 },
  );
  assert.ok(covering > 20, String(covering));
});

test('An http grant that is not said to widen covers no request that the one before did not', () => {
  fc.assert(
    fc.property(http, http, fc.array(url, { maxLength: 20 }), (before, after, urls) => {
      const allows = (binding: HttpBinding, method: string, each: URL): boolean =>
        refusalOf(createGrant('ONE', binding), method, each) === undefined;
      const more = ['GET', 'POST', 'PUT', 'DELETE'].some((method) =>
        urls.some((each) => allows(after, method, each) && !allows(before, method, each)),
      );
      if (more || (after.private && !before.private)) assert.ok(widens(before, after));
    }),
    { numRuns: 2_000 },
  );
});

test('A grant does not differ from itself', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(kv, messaging, http)), (bindings) => {
      assert.deepEqual(compareGrants(bindings, structuredClone(bindings)), []);
    }),
  );
});

const KV: KvBinding = { service: 'kv', bucket: 'thumbs', access: 'read', keys: 't.>', existing: false };
const BUS: MessagingBinding = { service: 'messaging', publish: ['a.>'], request: [], call: [] };
const WEB: HttpBinding = { service: 'http', urls: ['https://e.test/v1/*'], methods: ['GET'], private: false };

test('A change says in words what is wider and what is narrower', () => {
  const cases: readonly (readonly [Binding, Binding, 'widened' | 'narrowed', readonly string[]])[] = [
    [KV, { ...KV, access: 'write' }, 'widened', ['access write (was read)']],
    [KV, { ...KV, bucket: 'other' }, 'widened', ['bucket other (was thumbs)']],
    [
      KV,
      { ...KV, access: 'read-write', keys: 't.a' },
      'widened',
      ['access read-write (was read)', 'keys t.a (was t.>)'],
    ],
    [KV, { ...KV, keys: 't.*.x' }, 'narrowed', ['keys t.*.x (was t.>)']],
    [BUS, { ...BUS, publish: ['a.>', 'b'] }, 'widened', ['publish also b']],
    [BUS, { ...BUS, publish: ['a.b'] }, 'narrowed', ['publish a.b (was a.>)']],
    [
      BUS,
      { ...BUS, publish: [], request: ['a.b'] },
      'widened',
      ['publish nothing (was a.>)', 'request a.b (was nothing)'],
    ],
    [WEB, { ...WEB, methods: [] }, 'widened', ['methods all (was GET)']],
    [WEB, { ...WEB, private: true }, 'widened', ['private addresses']],
    [{ ...WEB, private: true }, WEB, 'narrowed', ['no private addresses']],
    [
      WEB,
      { ...WEB, urls: ['https://e.test/*'] },
      'widened',
      ['URLs https://e.test/* (was https://e.test/v1/*)'],
    ],
    [
      WEB,
      { ...WEB, urls: ['https://e.test/v1/a'] },
      'narrowed',
      ['URLs https://e.test/v1/a (was https://e.test/v1/*)'],
    ],
    [KV, BUS, 'widened', []],
  ];
  for (const [before, after, change, texts] of cases) {
    const [found, ...others] = compareGrants({ ONE: before }, { ONE: after });
    assert.ok(found !== undefined && 'details' in found && others.length === 0);
    assert.equal(found.change, change);
    if (texts.length > 0)
      assert.deepEqual(
        found.details.map(({ text }) => text),
        texts,
      );
  }
});

test('A new label widens, a label that is gone does not, and who creates a bucket is no part of the grant', () => {
  const changes = compareGrants({ OLD: KV, SAME: KV }, { SAME: { ...KV, existing: true }, NEW: BUS });
  assert.deepEqual(
    changes.map(({ label, change }) => [label, change]),
    [
      ['NEW', 'added'],
      ['OLD', 'removed'],
    ],
  );
  assert.deepEqual(changes.map(isWidening), [true, false]);
});

test('Of a host service that is not known here any difference counts as wider', () => {
  const one = { service: 'teleport', to: 'moon', via: ['a'] } as unknown as Binding;
  const two = { service: 'teleport', via: ['a'], to: 'mars' } as unknown as Binding;
  assert.deepEqual(compareGrants({ ONE: one }, { ONE: structuredClone(one) }), []);
  assert.deepEqual(compareGrants({ ONE: one }, { ONE: two }), [
    { label: 'ONE', change: 'widened', binding: two, details: [{ text: 'to mars (was moon)', wider: true }] },
  ]);
});

test('An object store is wider with more access or of another bucket, and who creates it is no part of the grant', () => {
  const photos = {
    service: 'objectstore',
    bucket: 'photos',
    access: 'read',
    existing: false,
    create: { storage: 'file', replicas: 1 },
  } as const;
  const widens = (after: object): boolean =>
    compareGrants({ B: photos }, { B: { ...photos, ...after } }).some(isWidening);
  assert.equal(widens({ access: 'read-write' }), true);
  assert.equal(widens({ access: 'write' }), true);
  assert.equal(widens({ bucket: 'others' }), true);
  assert.deepEqual(compareGrants({ B: photos }, { B: { ...photos, existing: true } }), []);
  const narrowed = compareGrants({ B: { ...photos, access: 'read-write' } }, { B: photos });
  assert.deepEqual(
    narrowed.map(({ change }) => change),
    ['narrowed'],
  );
});
