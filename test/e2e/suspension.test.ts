import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestHost, type TestHost } from '../support/host.ts';
import { ask, until } from '../support/load.ts';

const KILLER = `export default { message(msg) {
  if (msg.text() === 'good') return 'good';
  return 'x'.repeat(2 ** 28).split('').length;
} };`;

async function state(world: TestHost, name: string): Promise<string> {
  const found = (await world.client().list()).find((summary) => summary.name === name);
  return `${found?.workload_state} ${found?.metadata['hairspring_suspended'] ?? ''}`.trim();
}

test('A function that kills five cells in a minute is suspended until it is deployed again', async () => {
  await using world = await startTestHost({ spareCells: 1 });
  await world.deploy({ name: 'killer', code: KILLER });
  await world.deploy({ name: 'neighbour', code: 'export default { message: () => "here" };' });
  for (let kill = 1; kill <= 5; kill += 1) {
    await until(
      'the function is served',
      async () => (await ask(world.nc, 'killer', 'good')).outcome === 'ok',
    );
    assert.equal((await world.ask('killer', 'bad')).outcome, 'HS_FUNCTION_CRASHED', `kill ${kill}`);
  }
  await until('the neighbour is served', async () => (await ask(world.nc, 'neighbour')).outcome === 'ok');
  assert.match(
    await state(world, 'killer'),
    /^error it killed 5 cells within a minute \(HS_FUNCTION_CRASHED\)$/,
  );
  assert.equal((await world.ask('killer', 'good')).outcome, 'no responders');
  assert.match(await state(world, 'neighbour'), /^(running|warm)$/);

  await world.deploy({ name: 'killer', code: KILLER });
  assert.match(await state(world, 'killer'), /^(running|warm)$/);
  assert.equal((await world.ask('killer', 'good')).text, 'good');
});
