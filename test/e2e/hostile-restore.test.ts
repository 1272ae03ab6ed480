import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { putArtifact } from '../../src/control/index.ts';
import type { FunctionDefinition } from '../../src/core/index.ts';
import { wrapScript } from '../../src/host/bundle/index.ts';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

/** Its top level never ends and cannot be interrupted. */
const DEADLY = `Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); ${handler('return "late";')}`;

/** Puts deadly code in the place of what is stored, as code is that was harmless until a certain day. */
async function turn(nc: NatsConnection, key: string): Promise<void> {
  const { digest, bytes } = await wrapScript(DEADLY, 'deadly.mjs');
  await putArtifact(nc, digest, bytes);
  const bucket = await new Kvm(nc).open('hairspring-functions');
  const definition = (await bucket.get(key))?.json<FunctionDefinition>();
  await bucket.put(key, JSON.stringify({ ...definition, artifact: { digest, bytes: bytes.length } }));
}

const FORM = 'It is stored in a form that this node does not know';

/** Deploys functions with a node that is gone afterwards. */
async function deployAll(nats: TestNats, dataDir: string): Promise<void> {
  await using world = await startTestHost({ nats, dataDir });
  await world.client('third').setSecret('key', 'value');
  await world.deploy({ name: 'near', code: handler('return "near";') });
  await world.deploy({ name: 'far', code: handler('return "far";'), namespace: 'other' });
  const late = { name: 'late', code: handler('return "early";'), limits: { minWarm: 1 } };
  await world.deploy(late);
  await world.deploy({ ...late, bindings: { KEY: { secret: 'key' } }, namespace: 'third' });
}

test('A function that kills each cell that loads it keeps neither the node from starting nor the others from being served', async () => {
  await using nats = await startTestNats();
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-restore-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  await deployAll(nats, dataDir);
  const nc = await connectTo(nats);
  stack.defer(() => nc.close());
  for (const namespace of ['default', 'third']) await turn(nc, `${namespace}.late`);

  await using world = await startTestHost({ nats, dataDir });
  assert.equal((await world.ask('far')).text, 'far');
  const isServed = async (): Promise<boolean> => (await world.ask('near')).text === 'near';
  await until('its neighbour is served', isServed, { withinMs: 20_000 });
  for (const namespace of ['default', 'third']) {
    const sentence = async (): Promise<string | undefined> =>
      (await world.client(namespace).info('late')).suspended;
    await until('it is suspended', async () => (await sentence()) !== undefined, { withinMs: 30_000 });
    assert.equal(await sentence(), 'it killed 5 cells within a minute (HS_FUNCTION_CPU)');
  }
  assert.equal((await world.ask('near')).text, 'near');
});

/** Each ends two cells of the namespace before it has one of its own. */
const DEADLY_NAMES = ['a', 'b'];

test('What is replaced while its namespace takes long to restore is not served as it was before', async () => {
  await using nats = await startTestNats();
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-restore-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  {
    await using before = await startTestHost({ nats, dataDir });
    await before.client().setSecret('key', 'value');
    for (const name of DEADLY_NAMES)
      await before.deploy({ name, code: handler(`return "${name}";`), limits: { minWarm: 1 } });
    for (const name of ['first', 'second'])
      await before.deploy({ name, code: handler(`return "${name}";`), bindings: { KEY: { secret: 'key' } } });
  }
  const nc = await connectTo(nats);
  stack.defer(() => nc.close());
  for (const name of DEADLY_NAMES) await turn(nc, `default.${name}`);

  await using world = await startTestHost({ nats, dataDir });
  const bucket = await new Kvm(nc).open('hairspring-functions');
  const { id } = (await bucket.get('default.second'))?.json<FunctionDefinition>() ?? assert.fail();
  await bucket.put('default.second', JSON.stringify({ format: 2, id }));
  const reasonOf = async (name: string): Promise<string> => {
    const [found] = await world.client().list({ filter: [name] });
    return found?.metadata['hairspring_waiting'] ?? '';
  };
  await until('the other knows the next one', async () => (await reasonOf('second')).startsWith(FORM));
  assert.notEqual(await reasonOf('first'), '', 'it is not restored yet');
  const isRestored = async (): Promise<boolean> => (await reasonOf('first')) === '';
  await until('one is restored', isRestored, { withinMs: 30_000 });
  // Whatever else is restored has its turn before this one.
  await world.deploy({ name: 'last', code: handler('return "last";') });
  assert.match(await reasonOf('second'), new RegExp(`^${FORM}`));
  assert.equal((await world.ask('second')).outcome, 'no responders');
});
