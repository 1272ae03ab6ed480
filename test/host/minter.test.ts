import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, type FunctionSpec, systemClock } from '../../src/core/index.ts';
import { Minter } from '../../src/host/accounts/minter.ts';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';
import { createSpec } from '../support/spec.ts';

const DAY_MS = 86_400_000;

function createWorld() {
  let nowMs = 1_000 * DAY_MS;
  const planned: { readonly atMs: number; readonly action: () => void }[] = [];
  const clock: Clock = {
    ...systemClock,
    now: () => nowMs,
    after: (delayMs, action) => {
      planned.push({ atMs: nowMs + delayMs, action });
      return () => undefined;
    },
  };
  const revoked: string[] = [];
  let dropped = 0;
  let worn = false;
  const account = createSigningKey('account');
  const minter = new Minter({
    namespace: 'red',
    account: account.publicKey,
    takeSigner: () => ({
      key: account,
      ready: () => Promise.resolve(),
      revoke: (users) => revoked.push(...users.keys()),
      isWorn: () => worn,
      drop: () => {
        dropped += 1;
      },
    }),
    endpoint: { servers: ['nats://127.0.0.1:4222'] },
    clock,
    lifetimeMs: DAY_MS,
  });
  return {
    minter,
    cell: minter.forCell('c1'),
    revoked,
    get dropped() {
      return dropped;
    },
    wear(): void {
      worn = true;
    },
    pass(ms: number): void {
      nowMs += ms;
      for (const { atMs, action } of planned.splice(0)) {
        if (atMs <= nowMs) action();
        else planned.push({ atMs, action });
      }
    },
  };
}

const SPEC: FunctionSpec = {
  ...createSpec({}),
  id: 'f1',
  bindings: { KV: { service: 'kv', bucket: 'b', access: 'read', keys: '>', existing: true } },
};

/** Another version of it, which needs something else. */
function versionWith(bucket: string, timeoutMs: number = SPEC.limits.timeoutMs): FunctionSpec {
  return {
    ...SPEC,
    bindings: { KV: { service: 'kv', bucket, access: 'read', keys: '>', existing: true } },
    limits: { ...SPEC.limits, timeoutMs },
  };
}

/** The user that a credential is for. */
function userOf(given: { readonly creds: string } | undefined): string {
  const token = /BEGIN NATS USER JWT-+\n(\S+)/.exec(given?.creds ?? '')?.[1] ?? '';
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub;
}

test('The user of a version that is replaced is revoked when nothing of it can be running any more', () => {
  const { minter, cell, revoked, pass } = createWorld();
  const first = userOf(cell.credentialFor(SPEC, 'version'));
  const second = userOf(cell.credentialFor(versionWith('other'), 'version'));
  assert.notEqual(first, second);
  pass(SPEC.limits.timeoutMs);
  assert.deepEqual(revoked, []);
  pass(60_000);
  assert.deepEqual(revoked, [first]);
  minter.withdraw('f1');
  assert.deepEqual(revoked, [first, second]);
  minter.withdraw('f1');
  assert.equal(revoked.length, 2);
});

test('What is renewed stays good until it expires by itself, and goes with the rest when the function is undeployed', () => {
  const { minter, cell, revoked, pass } = createWorld();
  const first = userOf(cell.credentialFor(SPEC, 'version'));
  pass(DAY_MS / 2);
  const second = userOf(cell.credentialFor(SPEC, 'renewal'));
  pass(3_600_000);
  assert.deepEqual(revoked, []);
  minter.withdraw('f1');
  assert.deepEqual(revoked, [first, second]);
});

test('What has expired is not revoked', () => {
  const { minter, cell, revoked, pass } = createWorld();
  cell.credentialFor(SPEC, 'version');
  pass(2 * DAY_MS);
  const later = userOf(cell.credentialFor(SPEC, 'renewal'));
  minter.withdraw('f1');
  assert.deepEqual(revoked, [later]);
});

test('Of a function that is deployed again and again each user is revoked once, after the time of its own version', () => {
  const { cell, revoked, pass } = createWorld();
  const first = userOf(cell.credentialFor(versionWith('slow', 300_000), 'version'));
  const others = Array.from({ length: 50 }, (_, at) =>
    userOf(cell.credentialFor(versionWith(`b${at}`, 1_000), 'version')),
  );
  pass(61_000);
  assert.deepEqual(revoked, others.slice(0, -1));
  pass(300_000);
  assert.deepEqual(revoked, [...others.slice(0, -1), first]);
});

test('What a cell was given is void with its signer, and what another cell has of the function stays', () => {
  const world = createWorld();
  const { minter, cell, revoked } = world;
  cell.credentialFor(SPEC, 'version');
  const living = minter.forCell('c2').credentialFor(SPEC, 'renewal');
  cell.withdraw();
  assert.deepEqual([world.dropped, revoked], [1, []]);
  minter.withdraw('f1');
  assert.deepEqual(revoked, [userOf(living)]);
});

test('A version that needs what the one before needs has the same user, which goes on for as long as the slower of them', () => {
  const { minter, cell, revoked, pass } = createWorld();
  const first = userOf(cell.credentialFor(versionWith('b', 300_000), 'version'));
  assert.equal(userOf(cell.credentialFor(versionWith('b', 1_000), 'version')), first);
  const other = userOf(cell.credentialFor(versionWith('other'), 'version'));
  pass(300_000);
  assert.deepEqual(revoked, []);
  pass(60_000);
  assert.deepEqual(revoked, [first]);
  // In another cell it is another, and so when what was given is not to last until the next renewal.
  const elsewhere = userOf(minter.forCell('c2').credentialFor(versionWith('other'), 'version'));
  assert.notEqual(elsewhere, other);
  pass(DAY_MS / 2);
  assert.notEqual(userOf(cell.credentialFor(versionWith('other'), 'version')), other);
});

test('A cell whose signer is worn gets another with the next renewal, and what the first has signed is void when it is done with', async () => {
  const world = createWorld();
  const { cell, pass } = world;
  cell.credentialFor(versionWith('b', 300_000), 'version');
  assert.equal(cell.isWorn, false);
  world.wear();
  assert.equal(cell.isWorn, true);
  await cell.connectAs();
  cell.credentialFor(versionWith('b', 300_000), 'renewal');
  pass(600_000);
  assert.equal(world.dropped, 0, 'the cell may not have it yet');
  cell.renewed();
  pass(300_000);
  assert.equal(world.dropped, 0);
  pass(60_000);
  assert.equal(world.dropped, 1);
  cell.withdraw();
  assert.equal(world.dropped, 2);
});
