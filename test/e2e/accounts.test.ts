import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connectNats, createControlClient } from '../../src/control/index.ts';
import { deployTo, handler, startTestHost } from '../support/host.ts';
import { ask, tally, until } from '../support/load.ts';

const world = await startTestHost({ accounts: true, spareCells: 1, artifactSweepMs: 2_000 });
after(() => world[Symbol.asyncDispose]());

const COUNTER = handler(
  'const n = Number((await env.HITS.get("n"))?.text() ?? 0) + 1; await env.HITS.put("n", String(n)); return String(n);',
);
const HITS = { HITS: { kv: 'hits', access: 'read-write' } };

/** The tools of those who own a namespace. */
async function enter(namespace: string) {
  const nc = await connectNats(await world.host.namespaceEndpoint(namespace), { name: 'tool' });
  const client = createControlClient(nc, { namespace });
  return { nc, client, [Symbol.asyncDispose]: () => nc.close() };
}

test('A function uses its bindings under a user of its own, in the account of its namespace', async () => {
  await world.deploy({ name: 'counter', code: COUNTER, bindings: HITS });
  assert.equal((await world.ask('counter')).text, '1');
  assert.equal((await world.ask('counter')).text, '2');
  assert.equal((await (await new Kvm(world.nc).open('hits')).get('n'))?.string(), '2');
  assert.equal(Buffer.from((await world.client().invoke('counter', '')).data).toString(), '3');
});

test('A redeploy with other bindings has another user, and no call is lost', async () => {
  const bindings = { ...HITS, MORE: { kv: 'more', access: 'read-write' } };
  const asked = Promise.all(Array.from({ length: 50 }, () => world.ask('counter')));
  await world.deploy({
    name: 'counter',
    code: handler('await env.MORE.put("k", "v"); return (await env.MORE.get("k")).text();'),
    bindings,
  });
  assert.deepEqual(tally(await asked), { ok: 50 });
  assert.equal((await world.ask('counter')).text, 'v');
});

test('Namespaces see nothing of each other: functions, subjects, buckets or logs', async () => {
  await using red = await enter('red');
  await using blue = await enter('blue');
  const code = handler(
    'console.log(env.COLOUR); const kv = env.KV; await kv.put("k", env.COLOUR); return env.COLOUR;',
  );
  const lines: string[] = [];
  await using _logs = await blue.client.logs({}, ({ text }) => lines.push(text));
  for (const [tools, colour] of [
    [red, 'red'],
    [blue, 'blue'],
  ] as const) {
    await deployTo(tools.nc, tools.client, {
      name: 'same',
      code,
      bindings: { KV: { kv: 'same', access: 'write' } },
      environment: { COLOUR: colour },
      namespace: colour,
    });
  }
  assert.equal((await ask(red.nc, 'same')).text, 'red');
  assert.equal((await ask(blue.nc, 'same')).text, 'blue');
  assert.equal((await world.ask('same')).outcome, 'no responders');
  assert.equal((await (await new Kvm(red.nc).open('same')).get('k'))?.string(), 'red');
  assert.deepEqual(
    (await red.client.list()).map(({ name }) => name),
    ['same'],
  );
  await until('a line is logged', () => lines.length > 0);
  assert.deepEqual(lines, ['blue']);
  await using intruder = await connectAs('red', 'blue');
  await assert.rejects(intruder.client.list(), { code: 'HS_NO_NODE' });
  await assert.rejects(intruder.client.undeploy('same'), { code: 'HS_NO_NODE' });
  await blue.client.undeploy('same');
  assert.equal((await ask(blue.nc, 'same')).outcome, 'no responders');
  assert.equal((await ask(red.nc, 'same')).text, 'red');
});

/** Somebody of one namespace who speaks for another. */
async function connectAs(own: string, other: string) {
  const nc = await connectNats(await world.host.namespaceEndpoint(own), { name: 'intruder' });
  return { client: createControlClient(nc, { namespace: other }), [Symbol.asyncDispose]: () => nc.close() };
}

test('An artifact goes to the account of the nodes, and in a while from that of whoever brought it', async () => {
  await using green = await enter('green');
  const definition = { name: 'brought', code: handler('return "here"'), namespace: 'green' };
  await deployTo(green.nc, green.client, definition);
  assert.equal((await ask(green.nc, 'brought')).text, 'here');
  const manager = await jetstreamManager(green.nc);
  await until('nothing of it is left', async () => {
    const { state } = await manager.streams.info('OBJ_hairspring-artifacts');
    return state.messages === 0;
  });
  await deployTo(green.nc, green.client, definition);
  assert.equal((await ask(green.nc, 'brought')).text, 'here');
});

test('Callers of a cell that dies are all answered, those that waited by its successor', async () => {
  await world.deploy({
    name: 'slow',
    code: handler('await new Promise((r) => setTimeout(r, 300)); return msg.text();'),
    limits: { concurrency: 8 },
  });
  await world.ask('slow', 'warm');
  let adopted = 0;
  // On a busy machine a successor may come too late to take over what waited; then all of it is answered by the host.
  for (let round = 0; round < 5 && adopted === 0; round += 1) {
    const asked = Array.from({ length: 40 }, (_, index) => world.ask('slow', `${index}`));
    await until('something is in flight', async () => (await world.client().info('slow')).stats.inFlight > 0);
    // The first is that of the first namespace.
    const [serving] = world.host.cellPids();
    assert.ok(serving !== undefined);
    process.kill(serving, 'SIGKILL');
    const counts = tally(await Promise.all(asked));
    adopted = counts['ok'] ?? 0;
    assert.equal(adopted + (counts['HS_CELL_LOST'] ?? 0), 40, JSON.stringify(counts));
    await until('it is served again', async () => (await world.ask('slow', 'again')).text === 'again');
    await until('a spare cell is there', () => world.host.cellPids().length >= 4);
  }
  assert.ok(adopted > 0);
  assert.equal((await world.ask('slow', 'after')).text, 'after');
});

test('An artifact that another namespace has brought is not had by naming its digest', async () => {
  await using red = await enter('red');
  const { definition } = await world.client().info('slow');
  const request = {
    name: 'thief',
    description: '',
    workload_type: 'javascript',
    workload_lifecycle: 'function',
    tags: {},
    run_request: JSON.stringify({ uri: `nats://hairspring-artifacts/sha256-${definition.artifact.digest}` }),
  };
  await assert.rejects(red.client.deploy(request), { code: 'HS_ARTIFACT_MISSING' });
  // Who has it already may go back to it.
  const own = await red.client.clone('same');
  const { id } = await red.client.deploy({ ...own, name: 'same' });
  assert.equal(id, (await red.client.info('same')).definition.id);
});
