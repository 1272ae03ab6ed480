import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

/** Long enough to deploy on a busy machine. */
const HARMLESS_MS = 5_000;

/** Its top level is harmless until `atMs`, and then never ends nor can be interrupted. */
function lateHang(atMs: number): string {
  return `if (Date.now() > ${atMs}) Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
    ${handler('return "late";')}`;
}

test('A function that kills each cell that loads it keeps neither the node from starting nor the others from being served', async () => {
  await using nats = await startTestNats();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-restore-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  const atMs = await (async () => {
    await using world = await startTestHost({ nats, dataDir });
    await world.deploy({ name: 'near', code: handler('return "near";') });
    await world.deploy({ name: 'far', code: handler('return "far";'), namespace: 'other' });
    await world.client('third').setSecret('key', 'value');
    const hangsAtMs = Date.now() + HARMLESS_MS;
    const late = { name: 'late', code: lateHang(hangsAtMs), limits: { minWarm: 1 } };
    await world.deploy(late);
    await world.deploy({
      ...late,
      name: 'sealed',
      bindings: { KEY: { secret: 'key' } },
      namespace: 'third',
    });
    return hangsAtMs;
  })();
  await sleep(Math.max(0, atMs - Date.now()));

  await using world = await startTestHost({ nats, dataDir });
  assert.equal((await world.ask('far')).text, 'far');
  await until('its neighbour is served', async () => (await world.ask('near')).text === 'near', {
    withinMs: 20_000,
  });
  for (const [namespace, name] of [
    ['default', 'late'],
    ['third', 'sealed'],
  ] as const) {
    const sentence = async (): Promise<string | undefined> =>
      (await world.client(namespace).info(name)).suspended;
    await until('it is suspended', async () => (await sentence()) !== undefined, { withinMs: 30_000 });
    assert.equal(await sentence(), 'it killed 5 cells within a minute (HS_FUNCTION_CPU)');
  }
  assert.equal((await world.ask('near')).text, 'near');
});
