import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hairspringSubjects } from '../../src/core/index.ts';
import { handler, startTestHost } from '../support/host.ts';
import { tally, until } from '../support/load.ts';

const CALLS = 60;
const invokeSubject = (name: string): string => hairspringSubjects.invoke('default', name);

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());

test('A function is invoked by name where it is, whatever other nodes have', async () => {
  await world.deploy({ name: 'early', code: handler('return 1;') });
  await using second = await startTestHost({ nats: world.nats });
  await second.deploy({ name: 'late', code: handler('return 2;'), nodeId: second.host.nodeId });
  const answers = await Promise.all(Array.from({ length: CALLS }, () => world.ask(invokeSubject('late'))));
  assert.deepEqual(tally(answers), { ok: CALLS });
  await assert.rejects(world.client().invoke('nobody', ''), { code: 'HS_FUNCTION_NOT_FOUND' });
});

test('An undeployed function cannot be invoked, the others can', async () => {
  const { id } = await world.deploy({ name: 'gone', code: handler('return 1;') });
  await world.deploy({ name: 'stays', code: handler('return 2;') });
  assert.equal((await world.ask(invokeSubject('gone'))).outcome, 'ok');
  await world.client().undeploy(id);
  assert.equal((await world.ask(invokeSubject('gone'))).outcome, 'no responders');
  assert.equal((await world.ask(invokeSubject('stays'))).text, '2');
});

test('A host that stops takes no new invocation by name while it finishes what it has accepted', async () => {
  const slow = handler(
    'if (msg.text() !== "") await new Promise((done) => setTimeout(done, 1_500)); return "done";',
  );
  await world.deploy({ name: 'slow', code: slow });
  assert.equal((await world.ask('slow')).outcome, 'ok');
  const running = world.ask('slow', 'wait');
  await until('the call runs', async () => (await world.client().info('slow')).stats.inFlight === 1);
  let finished = false;
  const answered = running.then((answer) => {
    finished = true;
    return answer.outcome;
  });
  const disposing = world.host[Symbol.asyncDispose]();
  // The server reads the ends of the two subscriptions one after the other.
  for (const subject of ['slow', invokeSubject('slow')])
    await until(
      `nobody hears ${subject}`,
      async () => (await world.ask(subject)).outcome === 'no responders',
    );
  assert.equal(finished, false, 'closed only once the work was done');
  assert.equal(await answered, 'ok');
  await disposing;
});
