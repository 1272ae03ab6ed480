import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

test('A host that starts again, on the same or on an empty data folder, serves everything that was deployed', async () => {
  await using nats = await startTestNats();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-restore-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  const before = await (async () => {
    await using world = await startTestHost({ nats, dataDir });
    await world.deploy({
      name: 'one',
      code: handler('return "one" + env.GREETING;'),
      environment: { GREETING: '!' },
    });
    await world.deploy({
      name: 'keeper',
      code: handler('await env.B.put("k", msg.text()); return (await env.B.get("k")).text();'),
      bindings: { B: { kv: 'kept', access: 'read-write' } },
    });
    await world.deploy({
      name: 'two',
      code: handler('return "two";'),
      triggers: ['two.>'],
      namespace: 'other',
    });
    return (await world.client('system').list()).map(({ id, name, namespace }) => ({ id, name, namespace }));
  })();
  const nodeIds = new Set<string>();
  for (const options of [{ nats, dataDir }, { nats }]) {
    await using world = await startTestHost(options);
    nodeIds.add(world.host.nodeId);
    const now = (await world.client('system').list()).map(({ id, name, namespace }) => ({
      id,
      name,
      namespace,
    }));
    assert.deepEqual(now, before);
    assert.equal((await world.ask('one')).text, 'one!');
    assert.equal((await world.ask('two.x.y')).text, 'two');
    assert.equal((await world.ask('keeper', 'v')).text, 'v');
    assert.equal((await world.client().info('keeper')).stats.coldStarts, 1);
  }
  assert.equal(nodeIds.size, 2, 'an empty folder makes another node');
});

test('An artifact file that was damaged on disk is fetched again at the next start', async () => {
  await using nats = await startTestNats();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-restore-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  const artifacts = join(dataDir, 'artifacts');
  await (async () => {
    await using world = await startTestHost({ nats, dataDir });
    await world.deploy({ name: 'damaged', code: handler('return "damaged";') });
    const file = (await readdir(artifacts)).find((name) => name.endsWith('.json')) ?? '';
    await world.deploy({ name: 'sound', code: handler('return "sound";') });
    await writeFile(join(artifacts, file), '{"format":1}');
  })();
  await using world = await startTestHost({ nats, dataDir });
  assert.equal((await world.ask('sound')).text, 'sound');
  assert.equal((await world.ask('damaged')).text, 'damaged');
});

test('A function whose artifact is damaged under a running host fails coded, and deploying it again mends it', async () => {
  await using world = await startTestHost();
  const definition = { name: 'damaged', code: handler('return "whole";') };
  await world.deploy(definition);
  const artifacts = join(world.dataDir, 'artifacts');
  const file = (await readdir(artifacts)).find((name) => name.endsWith('.json')) ?? '';
  await writeFile(join(artifacts, file), '{"format":1}');
  // The cell remembers code that it has read; another one has to read the file.
  process.kill(world.host.cellPids()[0] ?? 0, 'SIGKILL');
  await until(
    'another cell reads the file',
    async () => (await world.ask('damaged')).outcome === 'HS_ARTIFACT_CORRUPT',
  );
  await world.deploy(definition);
  assert.equal((await world.ask('damaged')).text, 'whole');
});
