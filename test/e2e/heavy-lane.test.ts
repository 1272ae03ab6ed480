/** A cell whose heavy lane is in use goes on serving, and its death is held against the right function. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { startSteadyLoad, tally, until } from '../support/load.ts';

/** A built-in that ignores termination. */
const HANG = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);';
const busyFor = (ms: number): string => `for (const until = Date.now() + ${ms}; Date.now() < until; );`;

const world = await startTestHost({ inlineCpuMs: 50, spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
await world.deploy({ name: 'echo', code: handler('return msg.text();'), limits: { cpu: '50ms' } });
await world.deploy({
  name: 'heavy',
  code: handler(`if (msg.text() === 'hang') ${HANG} ${busyFor(300)} return ctx.invocationId;`),
  limits: { cpu: '1s', timeout: '20s' },
});

await world.deploy({
  name: 'long',
  code: handler(`if (msg.text() === 'work') ${busyFor(10_000)} return ctx.invocationId;`),
  limits: { cpu: '15s', timeout: '20s' },
});

test('A neighbour is served while a function computes for longer than the main thread is ever held', async () => {
  await world.ask('echo', 'warm');
  const load = startSteadyLoad(world.nc, 'echo', 100);
  const answers = await Promise.all(Array.from({ length: 4 }, () => world.ask('heavy', '')));
  const neighbours = await load.stop();
  assert.deepEqual(tally(answers), { ok: 4 });
  assert.deepEqual(Object.keys(tally(neighbours)), ['ok']);
  assert.ok(neighbours.length > 20);
  const median = neighbours.map(({ tookMs }) => tookMs).sort((a, b) => a - b)[neighbours.length >> 1] ?? 0;
  assert.ok(median < 150, `half of the neighbour's calls took longer than ${median} ms`);
});

test('An operator cancels what a function does, and it takes new calls at once', async () => {
  const calls = Array.from({ length: 3 }, () => world.ask('long', 'work'));
  await until(
    'all three are in the cell',
    async () => (await world.client().info('long')).stats.inFlight === 3,
  );
  const { cancelled, nodes } = await world.client().cancel('long');
  assert.equal(cancelled, 3);
  assert.deepEqual(nodes, [world.host.nodeId]);
  assert.deepEqual(tally(await Promise.all(calls)), { HS_FUNCTION_CANCELLED: 3 });
  assert.equal((await world.ask('long', '')).outcome, 'ok');
  assert.deepEqual((await world.client().cancel('long', 'none-1')).cancelled, 0);
  await assert.rejects(world.client().cancel('nothing'), { code: 'HS_FUNCTION_NOT_FOUND' });
});

test('A hang in the heavy lane ends the cell and is blamed on its function, not on a busy neighbour', async () => {
  const load = startSteadyLoad(world.nc, 'echo', 200);
  const hung = await world.ask('heavy', 'hang', { timeoutMs: 15_000 });
  await until('the neighbour is served again', async () => (await world.ask('echo', '')).outcome === 'ok');
  const outcomes = tally(await load.stop());
  assert.equal(hung.outcome, 'HS_FUNCTION_CPU');
  assert.equal(outcomes['silent'], undefined);
  assert.equal(outcomes['HS_FUNCTION_CPU'], undefined, JSON.stringify(outcomes));
  const death = world.logs.find(({ message }) => message === 'A cell died');
  assert.equal(death?.fields['function'], 'heavy');
  assert.equal((await world.ask('heavy', '')).outcome, 'ok');
});
