/** Cells that are stopped from outside: they hold their sockets, answer nothing, and do not die by themselves. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { handler, isAlive, startTestHost, type TestHost } from '../support/host.ts';
import { tally, until } from '../support/load.ts';

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());

async function stopCell({ ask, host }: TestHost, serving: string): Promise<number> {
  assert.equal((await ask(serving)).outcome, 'ok');
  const [pid] = host.cellPids();
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGSTOP');
  return pid;
}

test('A stuck cell does not hold up a shutdown, and its callers hear', async () => {
  await using ending = await startTestHost({ drainGraceMs: 200 });
  await ending.deploy({ name: 'stuck', code: handler('return "stuck";') });
  const pid = await stopCell(ending, 'stuck');
  const asked = Array.from({ length: 20 }, () => ending.ask('stuck', '', { timeoutMs: 15_000 }));
  await ending.nc.flush();
  const startedMs = performance.now();
  await ending.host[Symbol.asyncDispose]();
  assert.ok(performance.now() - startedMs < 8_000);
  assert.deepEqual(tally(await Promise.all(asked)), { HS_CELL_LOST: 20 });
  assert.equal(isAlive(pid), false);
});

test('A deployment that fails because the cell dies leaves no function, and the next one serves', async () => {
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
  await world.deploy({ name: 'kept', code: handler('return "old";') });
  const bucket = await new Kvm(world.nc).open('hairspring-functions');
  const oldRevision = (await bucket.get('default.kept'))?.revision;
  const pid = await stopCell(world, 'kept');
  const failed = assert.rejects(world.deploy({ name: 'kept', code: handler('return "new";') }), {
    code: 'HS_CELL_LOST',
  });
  await until(
    'the new version is stored',
    async () => (await bucket.get('default.kept'))?.revision !== oldRevision,
  );
  process.kill(pid, 'SIGKILL');
  await failed;
  await until('the function is served', async () => (await world.ask('kept')).outcome === 'ok');
  assert.equal((await world.ask('kept')).text, 'old');
});
