/** The room that a node has for secrets. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SECRET_LIMITS, type SealedSecret, silentLogger } from '../../src/core/index.ts';
import { SecretShelf } from '../../src/host/secrets/index.ts';
import { loadNodeKeys } from '../../src/host/state/node-identity.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairspring-shelf-'));
after(() => rmSync(folder, { recursive: true }));
const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());
const nc = await connectTo(nats);
after(() => nc.close());
const keys = loadNodeKeys(folder);
const shelf = await SecretShelf.open(nc, keys, silentLogger);

const QUARTER_MIB = 2 ** 18;
const FULL = SECRET_LIMITS.namespaceChars / QUARTER_MIB;

function sealed(name: string, chars: number): SealedSecret {
  return {
    name,
    id: 'id',
    setAt: '2030-01-01T00:00:00Z',
    recipient: `X${'A'.repeat(55)}`,
    sender: `X${'A'.repeat(55)}`,
    sealed: 'A'.repeat(chars),
  };
}

/** How many of these were stored; all others must have been refused for lack of room. */
async function stored(puts: readonly Promise<void>[]): Promise<number> {
  const results = await Promise.allSettled(puts);
  for (const result of results)
    if (result.status === 'rejected') assert.equal(result.reason.code, 'HS_SECRET_INVALID');
  return results.filter(({ status }) => status === 'fulfilled').length;
}

test('A namespace has a sixteenth of the room of a node, also when it sets many secrets at once', async () => {
  assert.equal(SECRET_LIMITS.namespaceChars * 16, SECRET_LIMITS.nodeChars);
  const many = Array.from({ length: FULL + 4 }, (_, index) =>
    shelf.put('greedy', sealed(`s${index}`, QUARTER_MIB)),
  );
  assert.equal(await stored(many), FULL);
  assert.equal(shelf.all('greedy').length, FULL);
  await assert.rejects(shelf.put('greedy', sealed('more', 4)), {
    code: 'HS_SECRET_INVALID',
    message: /secrets of namespace "greedy" would have more than 4194304 characters/,
  });
  await shelf.put('modest', sealed('s', QUARTER_MIB));

  // A value as long takes the place of another; a longer one does not.
  await shelf.put('greedy', sealed('s0', QUARTER_MIB));
  await assert.rejects(shelf.put('greedy', sealed('s0', QUARTER_MIB + 4)), { code: 'HS_SECRET_INVALID' });

  // What is shortened or deleted makes room, and no more than that.
  await shelf.put('greedy', sealed('s0', QUARTER_MIB / 2));
  assert.ok(await shelf.remove('greedy', 's1'));
  assert.equal(
    await stored(['a', 'b', 'c', 'd'].map((name) => shelf.put('greedy', sealed(name, QUARTER_MIB / 2)))),
    3,
  );
});

test('A node that starts again counts what it has', async () => {
  await shelf.put('again', sealed('one', 500_000));
  const next = await SecretShelf.open(nc, keys, silentLogger);
  assert.equal(next.all('again').length, 1);
  const more = Array.from({ length: 8 }, (_, index) => next.put('again', sealed(`s${index}`, 500_000)));
  assert.equal(await stored(more), 7);
});

test('A namespace has 256 secrets, also when it sets more at once', async () => {
  const many = Array.from({ length: 270 }, (_, index) => shelf.put('many', sealed(`s${index}`, 4)));
  assert.equal(await stored(many), SECRET_LIMITS.perNamespace);
});

test('A secret that could not be written takes no room', async () => {
  const tooMuch = (nc.info?.max_payload ?? 0) + 1;
  assert.ok(tooMuch < SECRET_LIMITS.namespaceChars);
  for (let tries = 0; tries * tooMuch <= SECRET_LIMITS.namespaceChars; tries += 1)
    await assert.rejects(shelf.put('unlucky', sealed('huge', tooMuch)), ({ code }) => {
      assert.notEqual(code, 'HS_SECRET_INVALID');
      return true;
    });
  await shelf.put('unlucky', sealed('small', QUARTER_MIB));
});
