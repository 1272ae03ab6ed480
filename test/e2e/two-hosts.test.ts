import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { workloadSubjects } from '../../src/core/index.ts';
import { handler, startTestHost, type TestFunction, type TestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

const WHO = 'const me = Math.random().toString(36).slice(2);';

test('Two hosts share the work of a queue group, and both run a fanout function', async () => {
  await using first = await startTestHost();
  const code = `${WHO} export default { message: () => me };`;
  await first.deploy({ name: 'shared', code });
  await first.deploy({ name: 'everywhere', code, triggers: [{ subject: 'everywhere', fanout: true }] });
  await using second = await startTestHost({ nats: first.nats });
  assert.notEqual(second.host.nodeId, first.host.nodeId);

  const answers = await Promise.all(Array.from({ length: 200 }, () => first.ask('shared')));
  assert.deepEqual(new Set(answers.map(({ outcome }) => outcome)), new Set(['ok']));
  const counts = new Map<string, number>();
  for (const { text } of answers) counts.set(text, (counts.get(text) ?? 0) + 1);
  assert.equal(counts.size, 2, 'both hosts answer');
  for (const count of counts.values()) assert.ok(count > 20, `one host had ${count} of 200`);

  const heard = new Set<string>();
  const inbox = first.nc.subscribe('_heard', { callback: (_, msg) => void heard.add(msg.string()) });
  first.nc.publish('everywhere', '', { reply: '_heard' });
  await until('both hosts run the fanout function', () => heard.size === 2);
  inbox.unsubscribe();
});

test('When one of two hosts stops, the other serves on and no call is lost', async () => {
  await using first = await startTestHost();
  await first.deploy({ name: 'on', code: 'export default { message: () => "on" };' });
  const second = await startTestHost({ nats: first.nats });
  const asked = Array.from({ length: 300 }, () => first.ask('on'));
  await second[Symbol.asyncDispose]();
  asked.push(...Array.from({ length: 50 }, () => first.ask('on')));
  assert.deepEqual(new Set((await Promise.all(asked)).map(({ outcome }) => outcome)), new Set(['ok']));
});

/** What 200 calls are answered with. */
async function answersOf(world: TestHost, subject: string): Promise<ReadonlySet<string>> {
  const answers = await Promise.all(Array.from({ length: 200 }, () => world.ask(subject)));
  return new Set(answers.map(({ outcome, text }) => (outcome === 'ok' ? text : outcome)));
}

function untilAll(world: TestHost, subject: string, answer: string): Promise<boolean> {
  return until(
    `all calls of ${subject} have ${answer}`,
    async () => {
      const found = await answersOf(world, subject);
      return found.size === 1 && found.has(answer);
    },
    { everyMs: 200 },
  );
}

test('What is deployed, replaced and removed by one host is so on the other, also when that did not hear of it', async () => {
  await using first = await startTestHost();
  await using second = await startTestHost({ nats: first.nats });
  const version = (text: string): TestFunction => ({ name: 'moving', code: handler(`return "${text}";`) });
  await first.deploy(version('one'));
  const isServed = (): boolean => second.logs.some(({ fields }) => fields['name'] === 'moving');
  await until('the other serves it', isServed);
  await untilAll(first, 'moving', 'one');
  await first.deploy(version('two'));
  await untilAll(first, 'moving', 'two');
  const manager = await jetstreamManager(first.nc);
  await manager.streams.purge('KV_hairspring-functions', {
    filter: '$KV.hairspring-functions.default.moving',
  });
  await untilAll(first, 'moving', 'no responders');
  assert.deepEqual(await first.client().list(), []);
});

test('A version that is deployed again by the host that has not heard of the next one is stored and served', async () => {
  await using first = await startTestHost();
  const version = (text: string): TestFunction => ({ name: 'back', code: handler(`return "${text}";`) });
  await first.deploy(version('one'));
  await using second = await startTestHost({ nats: first.nats });
  const bucket = await new Kvm(first.nc).open('hairspring-functions');
  const stored = async (): Promise<string> =>
    (await bucket.get('default.back'))?.json<{ readonly version: string }>().version ?? '';
  const one = await stored();
  await first.deploy(version('two'));
  assert.notEqual(await stored(), one);
  await second.deploy(version('one'));
  assert.equal(await stored(), one);
  await untilAll(first, 'back', 'one');
});

test('An undeploy that a host hears late does not remove the function that has the name by then', async () => {
  await using world = await startTestHost();
  const { id } = await world.deploy({ name: 'heir', code: handler('return "served";') });
  const bucket = await new Kvm(world.nc).open('hairspring-functions');
  const stored = (await bucket.get('default.heir'))?.json<object>();
  const next = { ...stored, id: `${id}X` };
  await bucket.put('default.heir', JSON.stringify(next));
  await world.nc.request(workloadSubjects.undeploy('default', id), JSON.stringify({ namespace: 'default' }));
  assert.deepEqual((await bucket.get('default.heir'))?.json(), next);
  await untilAll(world, 'heir', 'served');
  assert.equal((await world.client().info('heir')).definition.id, next.id);
});

test('A function that is replaced by one that a host cannot serve is not served there as it was before', async () => {
  await using world = await startTestHost();
  const definition = { name: 'ahead', code: handler('return "here";') };
  const { id } = await world.deploy(definition);
  const bucket = await new Kvm(world.nc).open('hairspring-functions');
  await bucket.put('default.ahead', JSON.stringify({ format: 2, id }));
  await untilAll(world, 'ahead', 'no responders');
  const [listed] = await world.client().list();
  assert.match(listed?.metadata['hairspring_waiting'] ?? '', /form that this node does not know/);
  await world.deploy(definition);
  assert.equal((await world.ask('ahead')).text, 'here');
});

test('A function in a new bucket is followed though its revision is that of another one in the bucket before', async () => {
  await using first = await startTestHost();
  const definition = { name: 'again', code: `${WHO} export default { message: () => me };` };
  await first.deploy(definition);
  await using second = await startTestHost({ nats: first.nats });
  const manager = await jetstreamManager(first.nc);
  await manager.streams.delete('KV_hairspring-functions');
  await new Kvm(first.nc).create('hairspring-functions', { history: 1 });
  await first.deploy(definition);
  const isServed = (): boolean => second.logs.some(({ fields }) => fields['name'] === 'again');
  await until('the other serves it', isServed);
  assert.equal((await answersOf(first, 'again')).size, 2);
});

test('A host follows a store that is put back to what it was before', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-back-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const [storeDir, copy] = [join(folder, 'store'), join(folder, 'copy')];
  const nats = await startTestNats({ storeDir });
  stack.use(nats);
  const world = stack.use(await startTestHost({ nats }));
  const restart = async (whileStopped: () => Promise<void>): Promise<void> => {
    await running[Symbol.asyncDispose]();
    await whileStopped();
    running = stack.use(await startTestNats({ storeDir, port: nats.port }));
    const isBack = (): Promise<boolean> =>
      world
        .client()
        .nodes()
        .then(
          (nodes) => nodes.length === 1,
          () => false,
        );
    await until('the node is back', isBack, { withinMs: 20_000 });
  };
  let running = nats;
  const version = (text: string): TestFunction => ({ name: 'kept', code: handler(`return "${text}";`) });
  await world.deploy(version('one'));
  await restart(() => cp(storeDir, copy, { recursive: true }));
  await world.deploy(version('two'));
  // So that the node has read on to what is put back now.
  await (await new Kvm(world.nc).open('hairspring-functions')).put('default.mark', '{}');
  await until('it has read on', async () => (await world.client().list()).length === 2, { withinMs: 20_000 });
  assert.equal((await world.ask('kept')).text, 'two');
  await restart(async () => {
    await rm(storeDir, { recursive: true });
    await cp(copy, storeDir, { recursive: true });
  });
  const isOne = async (): Promise<boolean> => (await world.ask('kept')).text === 'one';
  await until('it serves what is stored now', isOne, { withinMs: 20_000 });
});
