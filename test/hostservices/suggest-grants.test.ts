import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Binding,
  type HttpBinding,
  type KvBinding,
  type MessagingBinding,
  subjectCovers,
  subjectMatches,
} from '../../src/core/index.ts';
import { parseStartRequest, startRequestToWire } from '../../src/host/manifest/index.ts';
import { compareGrants, isWidening } from '../../src/hostservices/grant-changes.ts';
import { createGrant, refusalOf } from '../../src/hostservices/http/grant.ts';
import { checkKey, checkOperation, isKvOperation, watchFilter } from '../../src/hostservices/kv/grant.ts';
import { joinFilters } from '../../src/hostservices/kv/suggest-grant.ts';
import { checkSubject } from '../../src/hostservices/messaging/grant.ts';
import type { GrantUse } from '../../src/hostservices/shared/grant-suggestion.ts';
import { suggestGrant, usesOfLabel } from '../../src/hostservices/suggest-grants.ts';

const EXACTLY = { generalize: undefined };

const KV: KvBinding = { service: 'kv', bucket: 'thumbs', access: 'read-write', keys: '>', existing: false };
const BUS: MessagingBinding = { service: 'messaging', publish: ['a.>'], request: ['a.>'], call: [] };
const WEB: HttpBinding = { service: 'http', urls: ['https://e.test/*'], methods: [], private: false };

const key = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((tokens) => tokens.join('.'));
const generalize = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
const used = (op: string, name: string): GrantUse => ({ op, name, outcome: 'used' });
const refused = (op: string, name: string): GrantUse => ({ op, name, outcome: 'denied' });

/** Whether a Nexfile may say it, and says the same. */
function survives(binding: Binding): void {
  const text = '{"uri":"nats://a/b"}';
  const start = { ...parseStartRequest(text), bindings: { ONE: binding } };
  assert.deepEqual(parseStartRequest(JSON.stringify(startRequestToWire(start))).bindings, { ONE: binding });
}

test('A KV suggestion covers each call, is no wider than the grant under which all passed, and can be written', () => {
  const ops = fc.constantFrom('get', 'history', 'put', 'create', 'update', 'delete', 'purge');
  const filter = key.chain((name) => fc.constantFrom(name, `${name}.*`, `${name}.>`, '>'));
  const call = fc.oneof(fc.tuple(ops, key), fc.tuple(fc.constant('watch'), filter));
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 6 }), (calls) => {
      const { binding } = suggestGrant(
        KV,
        calls.map(([op, name]) => used(op, name)),
        EXACTLY,
      );
      assert.ok(binding.service === 'kv');
      for (const [op, name] of calls) {
        assert.ok(isKvOperation(op));
        checkOperation('ONE', binding, op);
        if (op === 'watch') watchFilter('ONE', binding, name);
        else checkKey('ONE', binding, op, name);
      }
      assert.ok(!compareGrants({ ONE: KV }, { ONE: binding }).some(isWidening));
      survives(binding);
    }),
    { numRuns: 500 },
  );
});

test('Two filters joined cover both, and no smaller filter does', () => {
  const token = fc.constantFrom('a', 'b', '*');
  const filter = fc
    .tuple(fc.array(token, { maxLength: 2 }), fc.oneof(token, fc.constant('>')))
    .map(([head, last]) => [...head, last].join('.'));
  fc.assert(
    fc.property(filter, filter, filter, (one, two, other) => {
      const joined = joinFilters(one, two);
      assert.ok(subjectCovers(joined, one) && subjectCovers(joined, two), `${one} and ${two}: ${joined}`);
      if (subjectCovers(other, one) && subjectCovers(other, two))
        assert.ok(subjectCovers(other, joined), `${other} is smaller than ${joined}`);
    }),
    { numRuns: 3_000 },
  );
});

test('A list of keys needs what it lists: its prefix, or as much of it as the grant covers', () => {
  const keysOf = (current: string, prefix: string): string => {
    const { binding } = suggestGrant({ ...KV, keys: current }, [used('keys', prefix)], EXACTLY);
    return binding.service === 'kv' ? `${binding.access} ${binding.keys}` : '';
  };
  assert.equal(keysOf('>', 'pages.h'), 'read pages.>');
  assert.equal(keysOf('pages.*', 'pages.h'), 'read pages.*');
  assert.equal(keysOf('pages.>', ''), 'read pages.>');
  assert.equal(keysOf('>', ''), 'read >');
});

test('A messaging suggestion covers each call, is no wider than the grant, and can be written', () => {
  const calls = fc.array(fc.tuple(fc.constantFrom('publish', 'request'), key), {
    minLength: 1,
    maxLength: 100,
  });
  fc.assert(
    fc.property(calls, generalize, (made, limit) => {
      const named = made.map(([op, name]) => [op, `a.${name}`] as const);
      const { binding } = suggestGrant(
        BUS,
        named.map(([op, name]) => used(op, name)),
        { generalize: limit },
      );
      assert.ok(binding.service === 'messaging');
      for (const [op, name] of named) checkSubject('ONE', binding, op === 'publish' ? op : 'request', name);
      assert.ok(!compareGrants({ ONE: BUS }, { ONE: binding }).some(isWidening));
      survives(binding);
    }),
    { numRuns: 500 },
  );
});

test('An http suggestion covers each call, is no wider than the grant, and can be written', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', '..;', '%2e%2e', '*', 'ä'), { maxLength: 4 })
    .map((parts) => parts.join('/'));
  const call = fc.tuple(fc.constantFrom('GET', 'POST', 'PROPFIND'), path);
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 100 }), generalize, (made, limit) => {
      const named = made.map(([method, at]) => ({ method, url: new URL(`https://e.test/${at}`) }));
      const { binding } = suggestGrant(
        WEB,
        named.map(({ method, url }) => used('open', `${method} ${url.href}`)),
        { generalize: limit },
      );
      assert.ok(binding.service === 'http');
      for (const { method, url } of named)
        assert.equal(refusalOf(createGrant('ONE', binding), method, url), undefined, url.href);
      assert.ok(!compareGrants({ ONE: WEB }, { ONE: binding }).some(isWidening));
      survives(binding);
    }),
    { numRuns: 500 },
  );
});

test('Subjects and URLs stay as they were used until patterns are asked for', () => {
  const subjects = ['a.x.1', 'a.x.2', 'a.x.3', 'a.y.1'];
  const urls = ['1', '2', '3'].map((id) => `https://e.test/v1/${id}`);
  const suggested = (limit: number | undefined): readonly unknown[] => [
    suggestGrant(
      BUS,
      subjects.map((name) => used('publish', name)),
      { generalize: limit },
    ).binding,
    suggestGrant(
      WEB,
      urls.map((url) => used('open', `GET ${url}`)),
      { generalize: limit },
    ).binding,
  ];
  assert.deepEqual(suggested(undefined), [
    { service: 'messaging', publish: subjects, request: [], call: [] },
    { ...WEB, urls, methods: ['GET'] },
  ]);
  assert.deepEqual(suggested(2), [
    { service: 'messaging', publish: ['a.x.*', 'a.y.1'], request: [], call: [] },
    { ...WEB, urls: ['https://e.test/v1/*'], methods: ['GET'] },
  ]);
});

test('What was refused is in the suggestion and named, unless no Nexfile may grant it', () => {
  const bus = suggestGrant(BUS, [used('publish', 'a.b'), refused('publish', 'c.d')], EXACTLY);
  assert.deepEqual(bus.binding, { service: 'messaging', publish: ['a.b', 'c.d'], request: [], call: [] });
  assert.deepEqual(bus.notes, ['refused so far: publish c.d']);
  const kv = suggestGrant(
    { ...KV, access: 'read', keys: 't.a' },
    [refused('put', 't.b'), used('get', 't.a')],
    EXACTLY,
  );
  assert.deepEqual(kv.binding, { ...KV, access: 'read-write', keys: 't.*' });
  const web = suggestGrant(
    WEB,
    [{ op: 'open', name: 'GET https://e.test/a', outcome: 'address-denied' }],
    EXACTLY,
  );
  assert.match(web.notes.join(), /only private: true allows that/);
  assert.ok(web.binding.service === 'http' && !web.binding.private);
  for (const forbidden of ['$JS.API.INFO', '_INBOX.a', 'a.*', 'a b', ''])
    assert.deepEqual(suggestGrant(BUS, [refused('publish', forbidden)], EXACTLY).binding, BUS, forbidden);
  for (const forbidden of ['a..b', 'a b', '.', ''])
    assert.deepEqual(suggestGrant(KV, [refused('put', forbidden)], EXACTLY).binding, KV, forbidden);
});

test('A star in the place of a secret is one in the suggestion', () => {
  const bus = suggestGrant(BUS, [used('publish', 'a.*.b'), used('request', 'a.>')], EXACTLY);
  assert.deepEqual(bus.binding, { service: 'messaging', publish: ['a.*.b'], request: ['a.>'], call: [] });
  const kv = suggestGrant(KV, [used('get', 't.*.a'), used('keys', 't.*.')], EXACTLY);
  assert.deepEqual(kv.binding, { ...KV, access: 'read', keys: 't.*.>' });
  const web = suggestGrant(WEB, [used('open', 'GET https://e.test/*/send')], EXACTLY);
  assert.deepEqual(web.binding, { ...WEB, urls: ['https://e.test/*/send'], methods: ['GET'] });
  for (const { binding } of [bus, kv, web]) survives(binding);
});

test('What one http binding refuses and another one covers is no want of the first', () => {
  const call = { service: 'http', op: 'open', name: 'GET https://e.test/a' };
  const calls = [
    { ...call, label: 'ONE', outcome: 'denied' as const },
    { ...call, label: 'TWO', outcome: 'used' as const },
    { ...call, label: 'ONE', name: 'GET https://e.test/b', outcome: 'denied' as const },
  ];
  assert.deepEqual(
    usesOfLabel(calls, 'ONE', WEB).map(({ name }) => name),
    ['GET https://e.test/b'],
  );
});

test('Too many subjects for one binding become patterns of their own accord', () => {
  const many = Array.from({ length: 100 }, (_, index) => `a.s${index}`);
  const { binding } = suggestGrant(
    BUS,
    many.map((name) => used('publish', name)),
    EXACTLY,
  );
  assert.ok(binding.service === 'messaging');
  assert.deepEqual(binding.publish, ['a.*']);
  const scattered = Array.from({ length: 100 }, (_, index) => `a.s${index}.${index}`);
  const wide = suggestGrant(
    BUS,
    scattered.map((name) => used('publish', name)),
    EXACTLY,
  ).binding;
  assert.ok(
    wide.service === 'messaging' && scattered.every((name) => subjectMatches(wide.publish[0] ?? '', name)),
  );
});

test('A binding of a host service that is not known here is left as it is, and says so', () => {
  const one = { service: 'teleport', to: 'moon' } as unknown as Binding;
  assert.deepEqual(suggestGrant(one, [used('go', 'x')], EXACTLY), {
    binding: one,
    notes: ['bindings of this kind are not looked at yet'],
  });
});

test('An object-store suggestion is of the access that was used, and tells what was refused', () => {
  const photos: Binding = {
    service: 'objectstore',
    bucket: 'photos',
    access: 'read',
    existing: true,
    create: { storage: 'file', replicas: 1 },
  };
  const accessFor = (uses: readonly GrantUse[]): unknown => {
    const { binding } = suggestGrant(photos, uses, EXACTLY);
    return binding.service === 'objectstore' ? binding.access : undefined;
  };
  assert.equal(accessFor([used('put', 'a'), used('write', ''), used('finish', '')]), 'write');
  assert.equal(accessFor([used('get', 'a'), used('next', '')]), 'read');
  assert.equal(accessFor([used('list', ''), refused('delete', 'a')]), 'read-write');
  assert.deepEqual(suggestGrant(photos, [used('close', '')], EXACTLY), { binding: photos, notes: [] });
  const { notes } = suggestGrant(photos, [refused('put', 'a')], EXACTLY);
  assert.deepEqual(notes, ['refused so far: put a']);
});
