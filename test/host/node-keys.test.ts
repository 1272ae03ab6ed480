import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createCurve, createServer, fromCurveSeed, fromPublic } from '@nats-io/nkeys';
import { seedBytes, toCurvePublicKey, toCurveSeed } from '../../src/host/state/curve-keys.ts';
import { loadNodeKeys } from '../../src/host/state/node-identity.ts';

const folder = await mkdtemp(join(tmpdir(), 'hairspring-keys-'));
after(() => rm(folder, { recursive: true, force: true }));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test('Curve keys have the text form of nkeys', () => {
  for (let count = 0; count < 50; count += 1) {
    const curve = createCurve();
    const seed = text(curve.getSeed());
    const bytes = seedBytes(seed);
    assert.equal(bytes.length, 32);
    assert.equal(toCurveSeed(bytes), seed);
    assert.equal(toCurvePublicKey(bytes), curve.getPublicKey());
  }
});

test('A node signs with the key that its id is the public half of', () => {
  const { identity, sign } = loadNodeKeys(folder);
  const bytes = new TextEncoder().encode('statement');
  assert.ok(fromPublic(identity.nodeId).verify(bytes, sign(bytes)));
  assert.ok(!fromPublic(createServer().getPublicKey()).verify(bytes, sign(bytes)));
});

test('Each namespace has a curve key of its own on each node, which is the same at every start', async () => {
  const keys = loadNodeKeys(folder);
  const again = loadNodeKeys(folder);
  const other = await mkdtemp(join(tmpdir(), 'hairspring-keys-'));
  after(() => rm(other, { recursive: true, force: true }));
  assert.deepEqual(keys.secretKeyOf('default'), again.secretKeyOf('default'));
  const publicKeys = [
    keys.identity.xkey,
    keys.secretKeyOf('default').publicKey,
    keys.secretKeyOf('staging').publicKey,
    loadNodeKeys(other).secretKeyOf('default').publicKey,
  ];
  assert.equal(new Set(publicKeys).size, publicKeys.length);
  const { seed, publicKey } = keys.secretKeyOf('default');
  assert.equal(fromCurveSeed(new TextEncoder().encode(seed)).getPublicKey(), publicKey);
  for (const file of ['node.seed', 'node.xseed']) {
    assert.equal((await stat(join(folder, file))).mode & 0o077, 0);
    assert.ok(!(await readFile(join(folder, file), 'utf8')).includes(seed));
  }
});

test('A key that is no seed is named with what to do about it, and one that cannot be written leaves nothing', async () => {
  const other = await mkdtemp(join(tmpdir(), 'hairspring-keys-'));
  after(() => rm(other, { recursive: true, force: true }));
  loadNodeKeys(other);
  assert.deepEqual((await readdir(other)).sort(), ['node.seed', 'node.xseed']);
  for (const [content, hint] of [
    ['', /^It is empty/],
    ['SN', /backup/],
  ] as const) {
    for (const file of ['node.seed', 'node.xseed']) {
      const kept = await readFile(join(other, file));
      await writeFile(join(other, file), content);
      const found = { code: 'HS_DATA_DIR', message: new RegExp(join(other, file)), hint };
      assert.throws(() => loadNodeKeys(other), found);
      await writeFile(join(other, file), kept);
    }
  }
  await rm(join(other, 'node.seed'));
  await mkdir(join(other, 'node.seed'));
  assert.throws(() => loadNodeKeys(other), { code: 'HS_DATA_DIR', message: /Cannot read/ });
});
