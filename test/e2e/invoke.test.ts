import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hairspringSubjects } from '../../src/core/index.ts';
import { handler, startTestHost } from '../support/host.ts';
import { tally, until } from '../support/load.ts';

const CALLS = 60;
const invokeSubject = (name: string): string => hairspringSubjects.invoke('default', name);

test('A function is invoked by name where it is, whatever other nodes have', async () => {
  await using first = await startTestHost();
  await first.deploy({ name: 'early', code: handler('return 1;') });
  await using second = await startTestHost({ nats: first.nats });
  await second.deploy({ name: 'late', code: handler('return 2;'), nodeId: second.host.nodeId });
  const answers = await Promise.all(Array.from({ length: CALLS }, () => first.ask(invokeSubject('late'))));
  assert.deepEqual(tally(answers), { ok: CALLS });
  await assert.rejects(first.client().invoke('nobody', ''), { code: 'HS_FUNCTION_NOT_FOUND' });
});

test('An undeployed function cannot be invoked, the others can', async () => {
  await using world = await startTestHost();
  const { id } = await world.deploy({ name: 'gone', code: handler('return 1;') });
  await world.deploy({ name: 'stays', code: handler('return 2;') });
  assert.equal((await world.ask(invokeSubject('gone'))).outcome, 'ok');
  await world.client().undeploy(id);
  assert.equal((await world.ask(invokeSubject('gone'))).outcome, 'no responders');
  assert.equal((await world.ask(invokeSubject('stays'))).text, '2');
});

test('A host that stops takes no new invocation by name', async () => {
  await using world = await startTestHost();
  const slow = handler(
    'if (msg.text() !== "") await new Promise((done) => setTimeout(done, 1_500)); return "done";',
  );
  await world.deploy({ name: 'slow', code: slow });
  assert.equal((await world.ask('slow')).outcome, 'ok');
  const running = world.ask('slow', 'wait');
  await until('the call runs', async () => (await world.client().info('slow')).stats.inFlight === 1);
  const disposing = world.host[Symbol.asyncDispose]();
  await until('its trigger is closed', async () => (await world.ask('slow')).outcome === 'no responders');
  assert.equal((await world.ask(invokeSubject('slow'))).outcome, 'no responders');
  assert.equal((await running).outcome, 'ok');
  await disposing;
});
