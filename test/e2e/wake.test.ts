import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

const nats = await startTestNats();
const dataDir = mkdtempSync(join(tmpdir(), 'hairspring-wake-'));
after(async () => {
  await nats[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true });
});

const cacheFiles = (): readonly string[] =>
  readdirSync(join(dataDir, 'artifacts')).filter((name) => name.endsWith('.cache'));

async function statsOf(world: TestHost, name: string) {
  return (await world.client().info(name)).stats;
}

test('minWarm, the memory budget and a dead cell, as a caller and an operator see them', async () => {
  // Nothing fits, so that whatever is idle is evicted.
  await using world = await startTestHost({ nats, dataDir, warmMemoryBytes: 1 });
  await world.deploy({ name: 'ready', code: handler('return "ready";'), limits: { minWarm: 1 } });
  await world.deploy({ name: 'lazy', code: handler('return "lazy";') });
  const before = await until('it is made ahead', async () => {
    const stats = await statsOf(world, 'ready');
    return stats.state === 'warm' && stats;
  });
  assert.deepEqual([before.coldStarts, before.prewarmed, before.invocations], [0, 1, 0]);
  assert.equal((await world.ask('lazy')).text, 'lazy');
  await until('the other is evicted', async () => (await statsOf(world, 'lazy')).state === 'idle');
  assert.equal((await world.ask('lazy')).text, 'lazy');
  const { coldReasons } = await statsOf(world, 'lazy');
  assert.deepEqual([coldReasons.first, coldReasons.evicted], [1, 1]);
  assert.equal((await statsOf(world, 'ready')).state, 'warm');

  const [pid] = world.host.cellPids();
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGKILL');
  await until('another cell serves', async () => (await world.ask('lazy')).text === 'lazy');
  assert.equal((await statsOf(world, 'lazy')).coldReasons.crash, 1);
  await until('it is made ahead again', async () => (await statsOf(world, 'ready')).prewarmed === 1);
  assert.equal((await world.ask('ready')).text, 'ready');
  assert.equal((await statsOf(world, 'ready')).coldStarts, 0);
});

test('Code caches lie beside the artifacts, and altered ones harm nobody', async () => {
  assert.equal(cacheFiles().length, 2);
  for (const name of cacheFiles()) {
    const file = join(dataDir, 'artifacts', name);
    const bytes = readFileSync(file);
    bytes.fill(0xff, bytes.length - 500);
    writeFileSync(file, bytes);
  }
  await using world = await startTestHost({ nats, dataDir, artifactSweepMs: 100 });
  const pids = world.host.cellPids();
  assert.equal((await world.ask('lazy')).text, 'lazy');
  assert.equal((await world.ask('ready')).text, 'ready');
  assert.deepEqual(world.host.cellPids(), pids);
  for (const name of ['lazy', 'ready']) await world.client().undeploy(name);
  await until('they are swept with their artifacts', () => cacheFiles().length === 0);
});
