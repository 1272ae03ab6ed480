import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Objm } from '@nats-io/obj';
import {
  artifactRevision,
  digestOf,
  getArtifact,
  getObject,
  listArtifacts,
  putArtifact,
  removeArtifact,
} from '../../src/control/index.ts';
import { HOST_LIMITS } from '../../src/core/index.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const server = await startTestNats();
const nc = await connectTo(server);
after(async () => {
  await nc.close();
  await server[Symbol.asyncDispose]();
});

/** Bytes that differ from chunk to chunk, so that a mixed-up order shows. */
function sample(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * seed) & 0xff);
}

async function consumers(bucket: string): Promise<number> {
  const jsm = await jetstreamManager(nc);
  return (await jsm.streams.info(`OBJ_${bucket}`)).state.consumer_count;
}

test('An artifact of several chunks comes back as it was, and leaves no consumer behind', async () => {
  for (const length of [0, 1, 128 * 1024, 400_000]) {
    const bytes = sample(length);
    const digest = digestOf(bytes);
    await putArtifact(nc, digest, bytes);
    assert.deepEqual(await getArtifact(nc, digest), bytes);
  }
  assert.equal(await consumers('hairspring-artifacts'), 0);
});

test('An artifact that is there already is not stored again, and has another revision', async () => {
  const bytes = sample(1_000, 2);
  const digest = digestOf(bytes);
  const store = await new Objm(jetstream(nc)).create('hairspring-artifacts');
  await putArtifact(nc, digest, bytes);
  const first = await store.info(`sha256-${digest}`);
  await putArtifact(nc, digest, bytes);
  const second = await store.info(`sha256-${digest}`);
  assert.equal(second?.nuid, first?.nuid);
  assert.ok((second?.revision ?? 0) > (first?.revision ?? 0));
  assert.deepEqual(await getArtifact(nc, digest), bytes);
});

test('An artifact is removed at the revision that it has, and not when somebody has found it since', async () => {
  const bytes = sample(200_000, 6);
  const digest = digestOf(bytes);
  await putArtifact(nc, digest, bytes);
  const brought = (await artifactRevision(nc, digest)) ?? 0;
  await putArtifact(nc, digest, bytes);
  await removeArtifact(nc, digest, brought);
  assert.deepEqual(await getArtifact(nc, digest), bytes);
  await removeArtifact(nc, digest, (await artifactRevision(nc, digest)) ?? 0);
  assert.equal(await artifactRevision(nc, digest), undefined);
  assert.equal((await listArtifacts(nc)).includes(digest), false);
  await assert.rejects(getArtifact(nc, digest), { code: 'HS_ARTIFACT_MISSING' });
});

test('Whoever brings or finds an artifact while others remove an earlier one of its revisions has it afterwards', async () => {
  await using fresh = await startTestNats();
  const clients = await Promise.all([0, 1, 2, 3].map(() => connectTo(fresh)));
  const [own = nc] = clients;
  const bytes = sample(150_000, 7);
  const digest = digestOf(bytes);
  for (let round = 0; round < 40; round += 1) {
    const revision = (await artifactRevision(own, digest)) ?? 0;
    await Promise.all(
      clients.map((each, place) =>
        (place + round) % 4 < 2 ? putArtifact(each, digest, bytes) : removeArtifact(each, digest, revision),
      ),
    );
    assert.deepEqual(await getArtifact(own, digest), bytes, `round ${round}`);
    // Some rounds begin with nothing there.
    if (round % 3 === 0) await removeArtifact(own, digest, (await artifactRevision(own, digest)) ?? 0);
  }
  const jsm = await jetstreamManager(own);
  const { state } = await jsm.streams.info('OBJ_hairspring-artifacts');
  assert.equal(state.messages, (await artifactRevision(own, digest)) === undefined ? 0 : 3);
  for (const each of clients) await each.close();
});

test('The same artifact stored many times at once is stored once, without stray chunks', async () => {
  await using fresh = await startTestNats();
  const own = await connectTo(fresh);
  const bytes = sample(300_000, 3);
  const digest = digestOf(bytes);
  await Promise.all(Array.from({ length: 4 }, () => putArtifact(own, digest, bytes)));
  assert.deepEqual(await getArtifact(own, digest), bytes);
  const jsm = await jetstreamManager(own);
  const { state } = await jsm.streams.info('OBJ_hairspring-artifacts');
  assert.equal(state.messages, 4);
  await own.close();
});

test('An artifact is stored although a replicated bucket was busy with the same one', async () => {
  let refusals = 0;
  const busy = new Proxy(nc, {
    get(target, key) {
      if (key === 'request')
        return async (...args: Parameters<NatsConnection['request']>) => {
          if (!args[0].startsWith('$O.hairspring-artifacts.M.') || refusals > 0)
            return await target.request(...args);
          refusals += 1;
          throw new JetStreamApiError({ code: 400, err_code: 10164, description: 'wrong last sequence' });
        };
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const bytes = sample(1_000, 9);
  const digest = digestOf(bytes);
  await putArtifact(busy, digest, bytes);
  assert.equal(refusals, 1);
  assert.deepEqual(await getArtifact(nc, digest), bytes);
});

test('An artifact under a wrong digest is refused before it is stored', async () => {
  const digest = digestOf(sample(9));
  await assert.rejects(putArtifact(nc, digest, sample(10)), { code: 'HS_ARTIFACT_CORRUPT' });
});

test('An object replaced under an artifact’s name is found corrupt, and storing it again mends it', async () => {
  const bytes = sample(2_000, 4);
  const digest = digestOf(bytes);
  await putArtifact(nc, digest, bytes);
  const store = await new Objm(jetstream(nc)).create('hairspring-artifacts');
  await store.putBlob({ name: `sha256-${digest}` }, sample(2_000, 5));
  await assert.rejects(getArtifact(nc, digest), { code: 'HS_ARTIFACT_CORRUPT' });
  await putArtifact(nc, digest, bytes);
  assert.deepEqual(await getArtifact(nc, digest), bytes);
});

test('An object whose chunks were tampered with or lost is found corrupt', async () => {
  const store = await new Objm(jetstream(nc)).create('code');
  const jsm = await jetstreamManager(nc);
  const tampered = await store.putBlob({ name: 'tampered' }, sample(100));
  const chunk = `$O.code.C.${tampered.nuid}`;
  await jsm.streams.purge('OBJ_code', { filter: chunk });
  await assert.rejects(getObject(nc, 'code', 'tampered'), { code: 'HS_ARTIFACT_CORRUPT' });
  await jetstream(nc).publish(chunk, sample(100, 9).reverse());
  await assert.rejects(getObject(nc, 'code', 'tampered'), { code: 'HS_ARTIFACT_CORRUPT' });
});

test('What is not there, is deleted, or is a link is missing', async () => {
  const digest = digestOf(sample(77));
  await assert.rejects(getArtifact(nc, digest), { code: 'HS_ARTIFACT_MISSING' });
  await putArtifact(nc, digest, sample(77));
  const revision = (await artifactRevision(nc, digest)) ?? 0;
  await removeArtifact(nc, digest, revision);
  await removeArtifact(nc, digest, revision);
  await assert.rejects(getArtifact(nc, digest), { code: 'HS_ARTIFACT_MISSING' });
  await putArtifact(nc, digest, sample(77));
  assert.deepEqual(await getArtifact(nc, digest), sample(77));

  const store = await new Objm(jetstream(nc)).create('links');
  const target = await store.putBlob({ name: 'target' }, sample(5));
  await store.link('link', target);
  await assert.rejects(getObject(nc, 'links', 'link'), { code: 'HS_ARTIFACT_MISSING', message: /is a link/ });
  await assert.rejects(getObject(nc, 'absent', 'x'), {
    code: 'HS_ARTIFACT_MISSING',
    message: /no such bucket/,
  });
  await assert.rejects(getObject(nc, 'a.b', 'x'), { code: 'HS_ARTIFACT_MISSING' });
  assert.equal(await consumers('links'), 0);
});

test('An object over the artifact limit is refused by its metadata, before a byte is read', async () => {
  const store = await new Objm(jetstream(nc)).create('large');
  const info = await store.putBlob({ name: 'huge' }, sample(10));
  const claimed = { ...JSON.parse(JSON.stringify(rawInfo(info))), size: HOST_LIMITS.artifactBytes + 1 };
  const name = Buffer.from('huge').toString('base64url');
  await jetstream(nc).publish(
    `$O.large.M.${name}${'='.repeat((4 - (name.length % 4)) % 4)}`,
    JSON.stringify(claimed),
  );
  await assert.rejects(getObject(nc, 'large', 'huge'), {
    code: 'HS_ARTIFACT_TOO_LARGE',
    message: /33554433 bytes exceeds the artifact limit of 32MiB/,
  });
});

function rawInfo(info: { readonly name: string; readonly nuid: string; readonly digest: string }): object {
  return { bucket: 'large', chunks: 1, name: info.name, nuid: info.nuid, digest: info.digest };
}
