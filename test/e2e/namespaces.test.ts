import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
const red = world.client('red');
const blue = world.client('blue');

test('Two namespaces do not see each other, even with the same names', async () => {
  const common = { name: 'same', code: handler('return env.COLOUR;') };
  const inRed = await world.deploy({
    ...common,
    triggers: ['red.same'],
    environment: { COLOUR: 'red' },
    namespace: 'red',
  });
  const inBlue = await world.deploy({
    ...common,
    triggers: ['blue.same'],
    environment: { COLOUR: 'blue' },
    namespace: 'blue',
  });
  await world.deploy({ name: 'secret', code: handler('return "blue only";'), namespace: 'blue' });
  assert.notEqual(inRed.id, inBlue.id);

  assert.deepEqual(
    (await red.list()).map(({ name }) => name),
    ['same'],
  );
  assert.deepEqual(
    (await blue.list()).map(({ name }) => name),
    ['same', 'secret'],
  );
  assert.deepEqual((await red.list({ filter: [inBlue.id] })).length, 0);
  assert.equal((await world.client('system').list()).length, 3);

  assert.equal((await red.info('same')).definition.id, inRed.id);
  await assert.rejects(red.info('secret'), { code: 'HS_FUNCTION_NOT_FOUND' });
  await assert.rejects(red.info(inBlue.id), { code: 'HS_FUNCTION_NOT_FOUND' });

  const text = async (answer: Promise<{ data: Uint8Array }>): Promise<string> =>
    Buffer.from((await answer).data).toString();
  assert.equal(await text(red.invoke('same', '')), 'red');
  assert.equal(await text(blue.invoke('same', '')), 'blue');
  await assert.rejects(red.invoke('secret', ''), { code: 'HS_FUNCTION_NOT_FOUND' });
});

test('A namespace cannot undeploy or clone what belongs to another', async () => {
  const { id } = (await blue.info('secret')).definition;
  await assert.rejects(red.undeploy('secret'), { code: 'HS_FUNCTION_NOT_FOUND' });
  await assert.rejects(red.undeploy(id), { code: 'HS_FUNCTION_NOT_FOUND' });
  await assert.rejects(red.clone(id), { code: 'HS_FUNCTION_NOT_FOUND' });
  for (const namespace of ['red', 'blue']) {
    const reply = await world.ask(`$NEX.SVC.red.control.UNDEPLOY.${id}`, JSON.stringify({ namespace }));
    assert.doesNotMatch(reply.text, /"stopped":true/, namespace);
  }
  assert.equal((await world.ask('secret')).text, 'blue only');
});

test('Namespaces have a cell each, and one that dies does not touch the other', async () => {
  const pids = world.host.cellPids();
  assert.ok(pids.length >= 2);
  await world.deploy({
    name: 'suicidal',
    code: `export default { message: () => ${ABORT} };`,
    limits: ABORT_LIMITS,
    namespace: 'red',
  });
  const started = await world.ask('blue.same');
  assert.equal(started.text, 'blue');
  const before = await blue.info('same');
  assert.equal((await world.ask('suicidal')).outcome, 'HS_FUNCTION_CRASHED');
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.ask('blue.same')));
  assert.deepEqual(new Set(answers.map(({ text }) => text)), new Set(['blue']));
  assert.equal((await blue.info('same')).stats.coldStarts, before.stats.coldStarts);
});

test('A deploy that kills the cell it is checked in does not fail a deploy of another namespace', async () => {
  const killer = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); export default { message() {} };';
  const bad = [1, 2].map((n) => world.deploy({ name: `killer-${n}`, code: killer, namespace: 'red' }));
  const good = [1, 2, 3].map((n) =>
    world.deploy({ name: `bystander-${n}`, code: handler('return "fine";'), namespace: `green-${n}` }),
  );
  const outcomes = await Promise.allSettled(bad);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code),
    ['HS_FUNCTION_LOAD', 'HS_FUNCTION_LOAD'],
  );
  await Promise.all(good);
  for (const n of [1, 2, 3]) assert.equal((await world.ask(`bystander-${n}`)).text, 'fine');
});
