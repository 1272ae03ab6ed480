import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DefinitionStore } from '../../src/host/deployments/definition-store.ts';
import { handler, startTestHost, type TestFunction } from '../support/host.ts';
import { until } from '../support/load.ts';

const version = (text: string): TestFunction => ({ name: 'raced', code: handler(`return "${text}";`) });

test('An undeploy removes also the version that another node stores meanwhile', async (t) => {
  await using world = await startTestHost();
  const { id } = await world.deploy(version('one'));
  const remove = DefinitionStore.prototype.remove;
  t.mock.method(
    DefinitionStore.prototype,
    'remove',
    async function (this: DefinitionStore, ...args: Parameters<typeof remove>): Promise<void> {
      const [definition, revision] = args;
      await this.put({ ...definition, version: 'other' }, revision);
      await remove.apply(this, args);
    },
    { times: 1 },
  );
  await world.client().undeploy(id);
  const store = await DefinitionStore.open(world.nc);
  assert.equal(await store.get('default', 'raced'), undefined);
  assert.equal((await world.ask('raced')).outcome, 'no responders');
});

test('A node that reads an older state of the store when it starts serves the latest soon', async (t) => {
  await using first = await startTestHost();
  await first.deploy(version('one'));
  const older = await (await DefinitionStore.open(first.nc)).all();
  await first.deploy(version('two'));
  await first.host[Symbol.asyncDispose]();
  t.mock.method(DefinitionStore.prototype, 'all', () => Promise.resolve(older), { times: 1 });
  await using second = await startTestHost({ nats: first.nats });
  assert.equal((await second.ask('raced')).text, 'one');
  await until('it serves the latest', async () => (await second.ask('raced')).text === 'two');
});
