import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { startSteadyLoad, tally, until } from '../support/load.ts';

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const { ask, deploy } = world;
const client = world.client();

test('A deployed function is subscribed and holds no isolate until its first call', async () => {
  await deploy({ name: 'sleeper', code: handler('return "awake";') });
  const before = await client.info('sleeper');
  assert.deepEqual(
    [before.stats.state, before.stats.coldStarts, before.stats.invocations, before.stats.heapBytes],
    ['idle', 0, 0, 0],
  );
  assert.equal((await ask('sleeper')).text, 'awake');
  const after = await client.info('sleeper');
  assert.deepEqual([after.stats.state, after.stats.coldStarts, after.stats.invocations], ['warm', 1, 1]);
  assert.ok(after.stats.heapBytes > 0);
});

test('An error that a function logs names the line of its source', async () => {
  const lines: string[] = [];
  await using _logs = await client.logs({}, ({ text }) => lines.push(text));
  const code =
    "\n\nexport default { message: () => { console.error(new Error('seen')); return 'logged'; } };";
  await deploy({ name: 'teller', code });
  assert.equal((await ask('teller')).text, 'logged');
  await until('the line is there', () => lines.some((text) => text.includes('seen')));
  assert.match(lines.find((text) => text.includes('seen')) ?? '', /^Error: seen\n\s+at .*teller\.mjs:3:\d+/);
});

test('A redeploy under load loses no message, and after it only the new version answers', async () => {
  const version = (name: string): string =>
    handler(`await new Promise((resolve) => setTimeout(resolve, 3)); return ${JSON.stringify(name)};`);
  await deploy({ name: 'rolling', code: version('v0') });
  using load = startSteadyLoad(world.nc, 'rolling', 500);
  for (const next of ['v1', 'v2', 'v3', 'v4']) {
    const seen = load.answers.length;
    await until('calls run', () => load.answers.length > seen + 50);
    await deploy({ name: 'rolling', code: version(next) });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('rolling')));
    assert.deepEqual(new Set(answers.map(({ text }) => text)), new Set([next]));
  }
  const answers = await load.stop();
  assert.deepEqual(Object.keys(tally(answers)), ['ok']);
  assert.deepEqual([...new Set(answers.map(({ text }) => text))].sort(), ['v0', 'v1', 'v2', 'v3', 'v4']);
});

test('A redeploy keeps the id, and changed triggers and limits take effect', async () => {
  const first = await deploy({
    name: 'mover',
    code: handler('return "a";'),
    triggers: ['from.here', 'stays'],
  });
  const second = await deploy({
    name: 'mover',
    code: handler('return msg.params.place ?? "b";'),
    triggers: ['stays', 'to.{place}'],
    limits: { payload: '10B' },
  });
  assert.equal(second.id, first.id);
  assert.equal((await ask('from.here')).outcome, 'no responders');
  assert.equal((await ask('stays')).text, 'b');
  assert.equal((await ask('to.there')).text, 'there');
  assert.equal((await ask('stays', 'x'.repeat(11))).outcome, 'HS_PAYLOAD_TOO_LARGE');
});

test('What a subscription caught before a redeploy that drops it is still answered', async () => {
  const slow = handler('await new Promise((resolve) => setTimeout(resolve, 200)); return "old";');
  await deploy({ name: 'dropper', code: slow, triggers: ['dropper.old'] });
  const asked = Array.from({ length: 30 }, () => ask('dropper.old'));
  await world.nc.flush();
  await deploy({ name: 'dropper', code: handler('return "new";'), triggers: ['dropper.new'] });
  assert.deepEqual(tally(await Promise.all(asked)), { ok: 30 });
  assert.equal((await ask('dropper.new')).text, 'new');
});

test('The same deploy again changes nothing and keeps the instance', async () => {
  const definition = { name: 'same', code: 'let calls = 0; export default { message: () => ++calls };' };
  await deploy(definition);
  assert.equal((await ask('same')).text, '1');
  const before = (await client.info('same')).definition;
  await deploy(definition);
  const after = (await client.info('same')).definition;
  assert.deepEqual(after, before);
  assert.equal((await ask('same')).text, '2');
});

test('Deploys of one function at the same time end with one of them, whole', async () => {
  const names = ['p', 'q', 'r', 's', 't'];
  const outcomes = await Promise.allSettled(
    names.map((text) =>
      deploy({ name: 'race', code: handler(`return "${text}" + msg.subject;`), triggers: [`race.${text}`] }),
    ),
  );
  assert.deepEqual([...new Set(outcomes.map(({ status }) => status))], ['fulfilled']);
  const { definition } = await client.info('race');
  const subject = definition.triggers[0]?.pattern ?? '';
  assert.equal((await ask(subject)).text, `${subject.slice(-1)}${subject}`);
  for (const text of names)
    if (`race.${text}` !== subject) assert.equal((await ask(`race.${text}`)).outcome, 'no responders');
});
