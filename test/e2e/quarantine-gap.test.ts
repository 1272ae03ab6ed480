import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestHost } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';
import { ask, startSteadyLoad, tally, until } from '../support/load.ts';

test('Somebody listens for a function all the time while it gets a cell of its own', async () => {
  await using world = await startTestHost({ spareCells: 1 });
  await world.deploy({
    name: 'killer',
    code: `export default { message: (msg) => (msg.text() === 'bad' ? ${ABORT} : 'good') };`,
    limits: ABORT_LIMITS,
  });
  const served = async (): Promise<boolean> => (await ask(world.nc, 'killer')).outcome === 'ok';
  assert.equal((await ask(world.nc, 'killer', 'bad')).outcome, 'HS_FUNCTION_CRASHED');
  await until('it is served again', served);
  using load = startSteadyLoad(world.nc, 'killer', 200);
  assert.equal((await ask(world.nc, 'killer', 'bad')).outcome, 'HS_FUNCTION_CRASHED');
  await until('it is served in a cell of its own', served);
  const { ok = 0, ...others } = tally(await load.stop());
  assert.ok(ok > 0);
  assert.equal(others['no responders'], undefined, JSON.stringify(others));
});
