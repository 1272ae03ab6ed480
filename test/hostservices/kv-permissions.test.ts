/**
 * The NATS user of a KV binding: everything that the binding grants works by its permissions, and what it does not
 * grant is refused by the server alone, with the bridge's own check out of the way.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { HairspringError, type KvAccess, type KvBinding, subjectMatches } from '../../src/core/index.ts';
import { KV_OPERATIONS } from '../../src/hostservices/kv/grant.ts';
import { countConsumers, createBucket, type KvHandle, kvBinding, openBinding } from '../support/kv.ts';
import { inboxPrefixOf, type LimitedNats, startLimitedNats } from '../support/limited-nats.ts';
import { skipWithout } from '../support/nats.ts';

const ACCESSES: readonly KvAccess[] = ['read', 'write', 'read-write'];
const FILTERS = ['>', 't.>', 't.*', '*.a', 't.a'];
const KEYS = ['t.a', 't.b', 't.b.c', 'u.a', 'plain'];
/** With direct gets, and without. */
const BUCKETS = ['mine', 'old'];

interface Case {
  readonly user: string;
  readonly binding: KvBinding;
}

const CASES: readonly Case[] = BUCKETS.flatMap((bucket) =>
  ACCESSES.flatMap((access) =>
    FILTERS.map((keys, index) => ({
      user: `${bucket}_${access.replace('-', '_')}_${index}`,
      binding: kvBinding(bucket, { access, keys }),
    })),
  ),
);

const withoutTtl = await skipWithout('keyTtl');
let server: LimitedNats;
let all: NatsConnection;

before(async () => {
  server = await startLimitedNats(Object.fromEntries(CASES.map(({ user, binding }) => [user, binding])));
  all = await server.connectAll();
  for (const bucket of [...BUCKETS, 'theirs']) {
    const options = { history: 4, allow_direct: bucket !== 'old', markerTTL: 60_000 };
    const made = await createBucket(all, bucket, options);
    for (const key of KEYS) for (const value of ['1', '2']) await made.put(key, value);
  }
});

after(async () => {
  await all?.close();
  await server?.[Symbol.asyncDispose]();
});

const KEY_READS = ['get', 'history', 'watch'] as const;
const KEY_WRITES = ['put', 'create', 'update', 'delete', 'purge'] as const;

/** Does one operation to its end. @returns the code of its refusal */
async function attempt(handle: KvHandle, op: string, key: string): Promise<string | undefined> {
  try {
    if (op === 'watch') {
      const number = await handle.call('watch', ['history', 0, key]);
      assert.ok(typeof number === 'number');
      await handle.call('next', [number]);
      await handle.call('close', [number]);
    } else if (op === 'update') await handle.call(op, [key, 999_999], 'v');
    else if (op === 'keys') await handle.call(op, [key]);
    else await handle.call(op, [key], 'v');
    return undefined;
  } catch (error) {
    assert.ok(HairspringError.is(error), String(error));
    return error.code;
  }
}

async function withUser(user: string, run: (nc: NatsConnection) => Promise<void>): Promise<void> {
  const nc = await server.connectAs(user);
  try {
    await run(nc);
  } finally {
    await nc.close();
  }
}

test('Every operation is in one of the lists of this test', () => {
  const tried = [...KEY_READS, ...KEY_WRITES, 'keys', 'next', 'close'];
  assert.deepEqual(tried.toSorted(), Object.keys(KV_OPERATIONS).toSorted());
});

test('Everything that a binding grants works by the permissions of its user', async () => {
  for (const { user, binding } of CASES) {
    await withUser(user, async (nc) => {
      const handle = openBinding(nc, binding, 'STORE', inboxPrefixOf(user));
      const granted = KEYS.filter((key) => subjectMatches(binding.keys, key));
      for (const key of granted) {
        const revision = binding.access === 'write' ? 0 : await revisionOf(handle, key);
        if (binding.access !== 'write') {
          for (const op of KEY_READS)
            assert.equal(await attempt(handle, op, key), undefined, `${user} ${op} ${key}`);
          assert.ok(await handle.call('get', [key, revision]), `${user} get ${key} at ${revision}`);
        }
        if (binding.access === 'read') continue;
        const life = withoutTtl === false ? [60_000] : [];
        assert.equal(typeof (await handle.call('put', [key, ...life], 'v')), 'number', user);
        await handle.call('delete', [key]);
        const again = await attempt(handle, 'create', key);
        // What was deleted is found by reading.
        assert.equal(
          again,
          binding.access === 'write' ? 'HS_KV_REVISION_CONFLICT' : undefined,
          `${user} ${key}`,
        );
        const stored = await handle.call('put', [key], '1');
        assert.ok(typeof stored === 'number');
        await handle.call('update', [key, stored], '2');
        await handle.call('purge', [key]);
        await handle.call('put', [key], '1');
      }
      if (binding.access === 'write') return;
      const keys = await handle.call('keys', ['']);
      assert.deepEqual(keys, granted.toSorted(), user);
    });
  }
  for (const bucket of BUCKETS) assert.equal(await countConsumers(all, bucket), 0);
});

async function revisionOf(handle: KvHandle, key: string): Promise<number> {
  const found = await handle.call('get', [key]);
  assert.ok(Array.isArray(found) && typeof found[0] === 'number', `${key}: ${JSON.stringify(found)}`);
  return found[0];
}

test('What a binding does not grant is refused by the server alone, in its own bucket and in another', async () => {
  const before = await snapshot();
  for (const { user, binding } of CASES) {
    await withUser(user, async (nc) => {
      for (const bucket of [binding.bucket, 'theirs']) {
        // The bridge lets all of it through.
        const handle = openBinding(nc, kvBinding(bucket), 'STORE', inboxPrefixOf(user));
        const isOwn = bucket === binding.bucket;
        const forbidden = (op: string, key: string): boolean =>
          !isOwn ||
          !subjectMatches(binding.keys, key) ||
          (op in KV_OPERATIONS && !allows(binding.access, op as keyof typeof KV_OPERATIONS));
        const checks = [...KEY_READS, ...KEY_WRITES].flatMap((op) =>
          KEYS.filter((key) => forbidden(op, key)).map(async (key) => {
            const code = await attempt(handle, op, key);
            assert.equal(code, 'HS_BINDING_DENIED', `${user}: ${op} ${key} in ${bucket}`);
          }),
        );
        await Promise.all(checks);
        if (isOwn && binding.access !== 'write' && binding.keys === '>') continue;
        for (const op of ['keys', 'watch'])
          assert.equal(
            await attempt(handle, op, op === 'keys' ? '' : '>'),
            'HS_BINDING_DENIED',
            `${user} ${op}`,
          );
        const refused = await handle.refused('get', ['t.a', 1]);
        assert.equal(refused.code, 'HS_BINDING_DENIED', `${user}: get at a revision`);
      }
    });
  }
  assert.deepEqual(await snapshot(), before);
});

function allows(access: KvAccess, op: keyof typeof KV_OPERATIONS): boolean {
  return access === 'read-write' || access === KV_OPERATIONS[op];
}

/** Last sequences of all buckets. */
async function snapshot(): Promise<readonly unknown[]> {
  const states: unknown[] = [];
  for (const bucket of [...BUCKETS, 'theirs']) {
    const reply = await all.request(`$JS.API.STREAM.INFO.KV_${bucket}`);
    const { state } = reply.json<{
      readonly state: { readonly last_seq: number; readonly messages: number };
    }>();
    states.push([state.last_seq, state.messages]);
  }
  return states;
}

test('The user of a binding reaches none of the rest of JetStream by hand', async () => {
  for (const { user, binding } of CASES) {
    const stream = `KV_${binding.bucket}`;
    await withUser(user, async (nc) => {
      const forbidden = [
        '$JS.API.INFO',
        '$JS.API.STREAM.NAMES',
        `$JS.API.STREAM.INFO.${stream}`,
        `$JS.API.STREAM.PURGE.${stream}`,
        `$JS.API.STREAM.DELETE.${stream}`,
        `$JS.API.STREAM.UPDATE.${stream}`,
        `$JS.API.STREAM.MSG.DELETE.${stream}`,
        `$JS.API.STREAM.SNAPSHOT.${stream}`,
        '$JS.API.STREAM.CREATE.KV_new',
        `$JS.API.CONSUMER.CREATE.${stream}`,
        `$JS.API.CONSUMER.CREATE.${stream}.c`,
        `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.c`,
        `$JS.API.CONSUMER.NAMES.${stream}`,
        `$JS.API.CONSUMER.LIST.${stream}`,
        `$JS.API.CONSUMER.INFO.${stream}.c`,
        `$JS.API.DIRECT.GET.${stream}`,
        ...(binding.keys === '>' && binding.access !== 'write' ? [] : [`$JS.API.STREAM.MSG.GET.${stream}`]),
      ];
      for (const subject of forbidden)
        await assert.rejects(nc.request(subject, '{}'), isPermissionViolation, `${user} ${subject}`);
      for (const subject of ['>', '$KV.>', `$KV.${binding.bucket}.>`, '_INBOX.>', '_INBOX_other.>'])
        await assert.rejects(
          nextOf(nc, subject),
          errors.PermissionViolationError,
          `${user} hears ${subject}`,
        );
    });
  }
});

test('A consumer that reads other keys than its subject says is refused', async () => {
  const { user } = CASES.find(({ binding }) => binding.keys === 't.>' && binding.access === 'read') ?? {};
  assert.ok(user !== undefined);
  await withUser(user, async (nc) => {
    for (const filter_subject of ['$KV.mine.>', '$KV.mine.u.a', undefined]) {
      const reply = await nc.request(
        '$JS.API.CONSUMER.CREATE.KV_mine.mine.$KV.mine.t.>',
        JSON.stringify({
          stream_name: 'KV_mine',
          config: { name: 'mine', ack_policy: 'none', filter_subject },
        }),
      );
      const { error } = reply.json<{ readonly error?: { readonly err_code: number } }>();
      assert.ok(error !== undefined, `${filter_subject}`);
    }
  });
  assert.equal(await countConsumers(all, 'mine'), 0);
});

test('A bucket that is missing is told as missing to every user of it', async () => {
  const bindings = Object.fromEntries(
    ACCESSES.map((access) => [access.replace('-', '_'), kvBinding('gone', { access })]),
  );
  await using other = await startLimitedNats(bindings);
  for (const [user, binding] of Object.entries(bindings)) {
    const nc = await other.connectAs(user);
    const handle = openBinding(nc, binding, 'STORE', inboxPrefixOf(user));
    const ops = [
      ...(binding.access === 'write' ? [] : KEY_READS),
      ...(binding.access === 'read' ? [] : KEY_WRITES),
    ];
    for (const op of ops)
      assert.equal(await attempt(handle, op, 'k'), 'HS_KV_BUCKET_MISSING', `${user} ${op}`);
    await nc.close();
  }
});

function isPermissionViolation(error: unknown): boolean {
  if (error instanceof errors.PermissionViolationError) return true;
  return error instanceof Error && error.cause !== undefined && isPermissionViolation(error.cause);
}

/** Rejects with the error of a subscription. */
function nextOf(nc: NatsConnection, subject: string): Promise<void> {
  return new Promise((resolve, reject) => {
    nc.subscribe(subject, {
      callback: (error) => {
        if (error === null) resolve();
        else reject(error);
      },
    });
    nc.flush().then(resolve, reject);
  });
}
