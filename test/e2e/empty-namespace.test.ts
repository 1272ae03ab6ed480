import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { handler, isAlive, startTestHost } from '../support/host.ts';
import { tally, until, untilAccepted } from '../support/load.ts';

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());

test('The cell of a namespace ends with its last function, and the next deployment has another', async () => {
  const idle = await until(
    'the spares are there',
    () => world.host.cellPids().length === 2 && world.host.cellPids(),
  );
  const served: number[] = [];
  for (const namespace of ['one', 'two', 'one']) {
    await world.deploy({ name: 'only', namespace, code: handler('return "here";') });
    assert.equal((await world.ask('only')).text, 'here');
    served.push(world.host.cellPids()[0] ?? 0);
    await world.client(namespace).undeploy('only');
    await until('only spares are left', () => world.host.cellPids().length === idle.length);
  }
  assert.equal(new Set(served).size, 3);
  assert.deepEqual(served.filter(isAlive), []);
});

test('A namespace that loses its last function and gets another at the same time serves it', async () => {
  const code = handler('await new Promise((resolve) => setTimeout(resolve, 300)); return "done";');
  for (const round of [1, 2, 3]) {
    await world.deploy({ name: `old${round}`, code });
    const asked = Array.from({ length: 5 }, () => world.ask(`old${round}`));
    await untilAccepted(world.client(), `old${round}`, 5);
    const [answers] = await Promise.all([
      Promise.all(asked),
      world.client().undeploy(`old${round}`),
      world.deploy({ name: `new${round}`, code }),
    ]);
    assert.deepEqual(tally(answers), { ok: 5 });
    assert.equal((await world.ask(`new${round}`)).text, 'done');
    await world.client().undeploy(`new${round}`);
    assert.deepEqual(await world.client().list(), []);
  }
  await until('only spares are left', () => world.host.cellPids().length === 2);
});

test('An undeploy that cannot be stored leaves the function, and can be tried again', async () => {
  await world.deploy({ name: 'stays', code: handler('return "here";') });
  const manager = await jetstreamManager(world.nc);
  await manager.streams.delete('KV_hairspring-functions');
  await assert.rejects(world.client().undeploy('stays'));
  assert.equal((await world.ask('stays')).text, 'here');
  assert.equal((await world.client().list()).length, 1);
  await new Kvm(world.nc).create('hairspring-functions', { history: 1 });
  await world.client().undeploy('stays');
  assert.equal((await world.ask('stays')).outcome, 'no responders');
});
