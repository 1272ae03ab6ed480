import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { startTestNats } from '../support/nats.ts';

test('A host that starts again, on the same or on an empty data folder, serves everything that was deployed', async () => {
  await using nats = await startTestNats();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-restore-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  const before = await (async () => {
    await using world = await startTestHost({ nats, dataDir });
    await world.deploy({ name: 'one', code: handler('return "one" + env.GREETING;'), environment: { GREETING: '!' } });
    await world.deploy({ name: 'two', code: handler('return "two";'), triggers: ['two.>'], namespace: 'other' });
    await world.deploy({
      name: 'keeper',
      code: handler('await env.B.put("k", msg.text()); return (await env.B.get("k")).text();'),
      bindings: { B: { kv: 'kept', access: 'read-write' } },
    });
    return (await world.client('system').list()).map(({ id, name, namespace }) => ({ id, name, namespace }));
  })();
  const nodeIds = new Set<string>();
  for (const options of [{ nats, dataDir }, { nats }]) {
    await using world = await startTestHost(options);
    nodeIds.add(world.host.nodeId);
    const now = (await world.client('system').list()).map(({ id, name, namespace }) => ({ id, name, namespace }));
    assert.deepEqual(now, before);
    assert.equal((await world.ask('one')).text, 'one!');
    assert.equal((await world.ask('two.x.y')).text, 'two');
    assert.equal((await world.ask('keeper', 'v')).text, 'v');
    assert.equal((await world.client().info('keeper')).stats.coldStarts, 1);
  }
  assert.equal(nodeIds.size, 2, 'an empty folder makes another node');
});

test('A damaged artifact file is an error to callers of that function only', async () => {
  await using nats = await startTestNats();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-restore-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  const artifacts = join(dataDir, 'artifacts');
  await (async () => {
    await using world = await startTestHost({ nats, dataDir });
    await world.deploy({ name: 'damaged', code: handler('return "damaged";') });
    const [file = ''] = await readdir(artifacts);
    await world.deploy({ name: 'sound', code: handler('return "sound";') });
    await writeFile(join(artifacts, file), '{"format":1}');
  })();
  await using world = await startTestHost({ nats, dataDir });
  assert.equal((await world.ask('sound')).text, 'sound');
  const answer = await world.ask('damaged');
  assert.ok(['ok', 'HS_ARTIFACT_CORRUPT'].includes(answer.outcome), answer.outcome);
});

test('A data folder that another node uses is refused', async () => {
  await using world = await startTestHost();
  await assert.rejects(
    (async () => {
      await using second = await startTestHost({ nats: world.nats, dataDir: world.dataDir });
      return second.host.nodeId;
    })(),
    { code: 'HS_DATA_DIR' },
  );
});
