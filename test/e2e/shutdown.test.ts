import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handler, isAlive, startTestHost, type TestHost } from '../support/host.ts';
import { type Answer, tally, until, untilAccepted } from '../support/load.ts';

const SLOW = handler('await new Promise((resolve) => setTimeout(resolve, 300)); return "done";');
const CALLS = 50;

/** Starts calls and resolves when all of them are accepted. */
async function callSlow(world: TestHost): Promise<{ readonly answers: Promise<readonly Answer[]> }> {
  await world.deploy({ name: 'slow', code: SLOW, limits: { concurrency: 40 } });
  assert.equal((await world.ask('slow')).outcome, 'ok');
  const answers = Promise.all(Array.from({ length: CALLS }, () => world.ask('slow')));
  await untilAccepted(world.client(), 'slow', CALLS, 1);
  return { answers };
}

test('Disposing a host answers what it had accepted, then nobody listens and no cell is left', async () => {
  await using world = await startTestHost();
  const { answers } = await callSlow(world);
  const pids = world.host.cellPids();
  const disposing = world.host[Symbol.asyncDispose]();
  const again = world.host[Symbol.asyncDispose]();
  assert.deepEqual(tally(await answers), { ok: CALLS });
  await Promise.all([disposing, again, world.host.stopped]);
  assert.equal((await world.ask('slow')).outcome, 'no responders');
  await assert.rejects(world.client().list(), { code: 'HS_NO_NODE' });
  assert.deepEqual(pids.filter(isAlive), []);
  await world.host[Symbol.asyncDispose]();
});

test('A node that stops says so and takes no deployment while it finishes accepted work', async () => {
  await using world = await startTestHost({ drainGraceMs: 40_000 });
  await world.deploy({
    name: 'slow',
    code: handler('return (await env.BUS.request("release", "", { timeoutMs: 25_000 })).text();'),
    bindings: { BUS: { request: ['release'] } },
    limits: { timeout: '25s' },
  });
  const held = world.nc.subscribe('release');
  const asked = world.ask('slow', '', { timeoutMs: 30_000 });
  const { value: release } = await held[Symbol.asyncIterator]().next();
  const disposing = world.host[Symbol.asyncDispose]();
  const states = (await world.client().nodes()).map(({ state }) => state);
  assert.deepEqual(states, ['stopping']);
  await assert.rejects(world.deploy({ name: 'late', code: SLOW }), {
    code: 'HS_NO_NODE',
    message: /is in state stopping$/,
  });
  release?.respond('done');
  assert.equal((await asked).text, 'done');
  await disposing;
});

test('A node in lame duck finishes accepted work, refuses deploys and then stops', async () => {
  await using world = await startTestHost();
  const { answers } = await callSlow(world);
  const pids = world.host.cellPids();
  const client = world.client();
  const reply = await client.lameDuck(world.host.nodeId, 5_000);
  assert.equal(reply.success, true);
  await assert.rejects(world.deploy({ name: 'late', code: SLOW }), { code: 'HS_NO_NODE' });
  assert.deepEqual(tally(await answers), { ok: CALLS });
  await world.host.stopped;
  assert.equal((await world.ask('slow')).outcome, 'no responders');
  assert.deepEqual(pids.filter(isAlive), []);
});

test('A node that stops while an undeploy finishes answers the calls that the function had accepted', async () => {
  await using world = await startTestHost();
  await world.deploy({
    name: 'leaving',
    code: handler('await new Promise((resolve) => setTimeout(resolve, 2_000)); return "done";'),
  });
  // With another one the cell is not given up with the function.
  await world.deploy({ name: 'stays', code: handler('return "stays";') });
  const asked = world.ask('leaving');
  await until('the call runs', async () => (await world.client().info('leaving')).stats.inFlight === 1);
  const undeploying = world.client().undeploy('leaving');
  await until('nobody listens', async () => {
    const { outcome } = await world.ask('leaving', '', { timeoutMs: 50 });
    return outcome === 'no responders';
  });
  await world.host[Symbol.asyncDispose]();
  assert.equal((await asked).text, 'done');
  await undeploying.catch(() => undefined);
});

test('What a function does after its reply to another one that finishes during a shutdown is finished too', async () => {
  await using world = await startTestHost();
  const heard: string[] = [];
  world.nc.subscribe('heard', {
    callback: (_error, message) => {
      heard.push(message.string());
    },
  });
  const sleep = 'await new Promise((resolve) => setTimeout(resolve, 300));';
  await world.deploy({
    name: 'callee',
    code: handler(
      `ctx.waitUntil((async () => { ${sleep} await env.BUS.publish('heard', 'late'); })()); return 'ok';`,
    ),
    bindings: { BUS: { publish: ['heard'] } },
  });
  await world.deploy({
    name: 'caller',
    code: handler(`${sleep} return await (await ctx.call('callee')).text();`),
    bindings: { FN: { call: ['callee'] } },
  });
  const asked = world.ask('caller');
  await untilAccepted(world.client(), 'caller', 1);
  await world.host[Symbol.asyncDispose]();
  assert.equal((await asked).text, 'ok');
  assert.deepEqual(heard, ['late']);
});

test('Work that outlasts the grace of a shutdown ends with a coded error', async () => {
  await using world = await startTestHost({ drainGraceMs: 200 });
  await world.deploy({
    name: 'endless',
    code: handler('await new Promise(() => {});'),
    limits: { timeout: '1m' },
  });
  const asked = world.ask('endless', '', { timeoutMs: 20_000 });
  await until('the call runs', async () => (await world.client().info('endless')).stats.inFlight === 1);
  const startedMs = performance.now();
  await world.host[Symbol.asyncDispose]();
  assert.ok(performance.now() - startedMs < 5_000);
  assert.equal((await asked).outcome, 'HS_DRAINING');
});

test('Callers that come during a shutdown get an answer, a coded error or no responders, never silence', async () => {
  await using world = await startTestHost();
  await world.deploy({ name: 'brief', code: handler('return "brief";') });
  assert.equal((await world.ask('brief')).text, 'brief');
  const answers: Promise<Answer>[] = [];
  const sending = setInterval(() => answers.push(world.ask('brief', '', { timeoutMs: 5_000 })), 1);
  await until('calls run', () => answers.length > 50);
  await world.host[Symbol.asyncDispose]();
  const atStop = answers.length;
  await until('more calls were sent', () => answers.length > atStop + 20);
  clearInterval(sending);
  const counts = tally(await Promise.all(answers));
  assert.deepEqual(
    Object.keys(counts).filter((outcome) => !['ok', 'no responders', 'HS_DRAINING'].includes(outcome)),
    [],
    JSON.stringify(counts),
  );
});
