import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { startCli } from '../cli/support/cli.ts';
import { handler, isAlive, startTestHost, type TestHost } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';
import { ask, startSteadyLoad, tally, until } from '../support/load.ts';

const KILLER = {
  name: 'killer',
  code: `export default { message(msg) {
    if (msg.text() === 'good') return 'good';
    if (msg.text() === 'stay') return new Promise(() => {});
    return ${ABORT};
  } };`,
  limits: ABORT_LIMITS,
};

async function state(world: TestHost, name: string): Promise<string> {
  const found = (await world.client().list()).find((summary) => summary.name === name);
  const { hairspring_quarantined, hairspring_suspended } = found?.metadata ?? {};
  return `${found?.workload_state} ${hairspring_suspended ?? hairspring_quarantined ?? ''}`.trim();
}

async function cli(world: TestHost, ...args: string[]): Promise<string> {
  await using run = startCli([...args, '--server', world.nats.url]);
  const { code, stdout, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Makes the function kill its cell once. */
async function kill(world: TestHost, count: number): Promise<void> {
  await until('the function is served', async () => (await ask(world.nc, 'killer', 'good')).outcome === 'ok');
  assert.equal((await world.ask('killer', 'bad')).outcome, 'HS_FUNCTION_CRASHED', `kill ${count}`);
}

test('A function that kills cells gets one of its own, is then suspended, and begins anew when it is deployed', async () => {
  await using world = await startTestHost({ spareCells: 1 });
  await world.deploy(KILLER);
  await world.deploy({ name: 'neighbour', code: 'export default { message: () => "here" };' });
  for (let count = 1; count <= 2; count += 1) await kill(world, count);
  await until('the function is served', async () => (await ask(world.nc, 'killer', 'good')).outcome === 'ok');
  await until('the neighbour is served', async () => (await ask(world.nc, 'neighbour')).outcome === 'ok');
  assert.match(
    await state(world, 'killer'),
    /^(running|warm) it killed 2 cells within a minute \(HS_FUNCTION_CRASHED\)$/,
  );
  assert.match(await cli(world, 'list'), /killer +quarantined /);
  assert.match(await cli(world, 'info', 'killer'), /in a cell of its own: it killed 2 cells/);

  using neighbour = startSteadyLoad(world.nc, 'neighbour', 50);
  for (let count = 3; count <= 5; count += 1) await kill(world, count);
  assert.deepEqual(Object.keys(tally(await neighbour.stop())), ['ok']);

  assert.match(
    await state(world, 'killer'),
    /^error it killed 5 cells within a minute \(HS_FUNCTION_CRASHED\)$/,
  );
  const listed = await cli(world, 'list');
  assert.match(listed, /killer +suspended /);
  assert.match(listed, /killer is suspended: it killed 5 cells within a minute/);
  assert.match(await cli(world, 'info', 'killer'), /state +suspended: it killed 5 cells/);
  await until(
    'nobody serves it',
    async () => (await ask(world.nc, 'killer', 'good')).outcome === 'no responders',
  );
  assert.match(await state(world, 'neighbour'), /^(running|warm)$/);

  await world.deploy(KILLER);
  assert.match(await state(world, 'killer'), /^(running|warm)$/);
  assert.equal((await world.ask('killer', 'good')).text, 'good');
});

test('Calls of a quarantined function can be cancelled, and it is undeployed with its cell', async () => {
  await using world = await startTestHost({ spareCells: 1 });
  const { id } = await world.deploy(KILLER);
  for (let count = 1; count <= 2; count += 1) await kill(world, count);
  await until('the function is served', async () => (await ask(world.nc, 'killer', 'good')).outcome === 'ok');
  const stays = world.ask('killer', 'stay');
  await until('the call runs', async () => (await world.client().info('killer')).stats.inFlight === 1);
  assert.equal((await world.client().cancel('killer')).cancelled, 1);
  assert.equal((await stays).outcome, 'HS_FUNCTION_CANCELLED');
  const pids = world.host.cellPids();
  await world.client().undeploy(id);
  assert.equal((await world.ask('killer', 'good')).outcome, 'no responders');
  await until('its cell is gone', () => pids.some((pid) => !isAlive(pid)));
  assert.deepEqual(await world.client().list(), []);
});

test('A function that kills each cell that a deployment binds gets one of its own, and the next deployment succeeds', async () => {
  await using world = await startTestHost({ spareCells: 2 });
  const turnsMs = Date.now() + 6_000;
  // Its top level never ends from a certain moment on, and cannot be interrupted.
  await world.deploy({
    name: 'late',
    code: `if (Date.now() > ${turnsMs}) Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
      export default { message: () => 'early' };`,
    limits: { minWarm: 1 },
  });
  assert.equal((await world.ask('late')).text, 'early');
  const [pid = 0] = world.host.cellPids();
  process.kill(pid, 'SIGSTOP');
  const names = Array.from({ length: 8 }, (_value, index) => `other${index}`);
  const deployed = names.map((name) =>
    world.deploy({ name, code: handler('return "other";') }).then(
      () => 'deployed',
      () => 'failed',
    ),
  );
  const bucket = await new Kvm(world.nc).open('hairspring-functions');
  await until('all are stored', async () => {
    const stored = await Promise.all(names.map((name) => bucket.get(`default.${name}`)));
    return stored.every((one) => one !== null);
  });
  await until('it kills from now on', () => Date.now() > turnsMs);
  process.kill(pid, 'SIGKILL');
  const failed = (await Promise.all(deployed)).filter((outcome) => outcome === 'failed').length;
  // One was waiting for the cell that died, and two bound one that it killed.
  assert.ok(failed <= 3, `${failed} failed`);
});
