/** Cells that are stopped from outside: they hold their sockets, answer nothing, and do not die by themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { handler, isAlive, startTestHost, type TestHost } from '../support/host.ts';
import { tally, until } from '../support/load.ts';

async function stopCell(world: TestHost, serving: string): Promise<number> {
  assert.equal((await world.ask(serving)).outcome, 'ok');
  const [pid] = world.host.cellPids();
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGSTOP');
  return pid;
}

test('A stuck cell does not hold up a shutdown, and its callers hear', async () => {
  await using world = await startTestHost({ drainGraceMs: 200 });
  await world.deploy({ name: 'stuck', code: handler('return "stuck";') });
  const pid = await stopCell(world, 'stuck');
  const asked = Array.from({ length: 20 }, () => world.ask('stuck', '', { timeoutMs: 15_000 }));
  await world.nc.flush();
  const startedMs = performance.now();
  await world.host[Symbol.asyncDispose]();
  assert.ok(performance.now() - startedMs < 8_000);
  assert.deepEqual(tally(await Promise.all(asked)), { HS_CELL_LOST: 20 });
  assert.equal(isAlive(pid), false);
});

test('A deployment that fails because the cell dies leaves no function, and the next one serves', async () => {
  await using world = await startTestHost();
  await world.deploy({ name: 'first', code: handler('return "first";') });
  const pid = await stopCell(world, 'first');
  const failed = assert.rejects(world.deploy({ name: 'second', code: handler('return "second";') }), {
    code: 'HS_CELL_LOST',
  });
  await until('the function is stored', async () => {
    const bucket = await new Kvm(world.nc).open('hairspring-functions');
    return (await bucket.get('default.second')) !== null;
  });
  process.kill(pid, 'SIGKILL');
  await failed;
  await until('the neighbour is served', async () => (await world.ask('first')).text === 'first');
  assert.equal((await world.ask('second')).outcome, 'no responders');
  assert.deepEqual(
    (await world.client().list()).map(({ name }) => name),
    ['first'],
  );
  await world.deploy({ name: 'second', code: handler('return "second";') });
  assert.equal((await world.ask('second')).text, 'second');
});

test('A redeploy that fails because the cell dies leaves the earlier version', async () => {
  await using world = await startTestHost();
  await world.deploy({ name: 'kept', code: handler('return "old";') });
  const pid = await stopCell(world, 'kept');
  const failed = assert.rejects(world.deploy({ name: 'kept', code: handler('return "new";') }), {
    code: 'HS_CELL_LOST',
  });
  await until('the new version is stored', async () => {
    const bucket = await new Kvm(world.nc).open('hairspring-functions');
    return (await bucket.get('default.kept'))?.revision === 2;
  });
  process.kill(pid, 'SIGKILL');
  await failed;
  await until('the function is served', async () => (await world.ask('kept')).outcome === 'ok');
  assert.equal((await world.ask('kept')).text, 'old');
});
