/** What is under way when a function is replaced: each message is run once, by the right version, as what it came as. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { handler, startTestHost, type TestTrigger } from '../support/host.ts';
import { until } from '../support/load.ts';

const world = await startTestHost({
  inlineCpuMs: 50,
  http: { host: '127.0.0.1', port: 0, ownNamespace: 'default', names: {} },
});
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;
const client = world.client();

const SEEN = { BUS: { publish: ['seen.>'] } };

/** Texts that functions publish under `seen.<name>`. */
async function watchSeen(name: string): Promise<string[]> {
  const seen: string[] = [];
  nc.subscribe(`seen.${name}`, { callback: (_error, message) => void seen.push(message.string()) });
  await nc.flush();
  return seen;
}

/** The same triggers in another order in each version, their captures under other names. */
function shuffled(version: number): readonly string[] {
  const triggers = ['one', 'two', 'three'].map((token) => `shuffle.${token}.{${token}V${version}}`);
  return [...triggers.slice(version % 3), ...triggers.slice(0, version % 3)];
}

test('Messages without callers are each run once, with the captures of their trigger, over many redeploys', async () => {
  const seen = await watchSeen('shuffle');
  const version = (number: number): Promise<unknown> =>
    deploy({
      name: 'shuffle',
      code: handler(`await new Promise((resolve) => setTimeout(resolve, 20));
        const [[name, value]] = Object.entries(msg.params);
        await env.BUS.publish('seen.shuffle', msg.subject + ' ' + name.replace(/V.*/, '') + ' ' + value + ' ${number}');`),
      triggers: shuffled(number),
      limits: { concurrency: 2, queue: 5_000, timeout: '60s' },
      bindings: SEEN,
    });
  await version(0);
  const sent: string[] = [];
  for (let number = 1; number <= 5; number += 1) {
    // More than are done before the next version is there, so that most of them wait across it.
    for (let index = 0; index < 30; index += 1) {
      const token = ['one', 'two', 'three'][index % 3] ?? '';
      const value = `${number}-${index}`;
      sent.push(`shuffle.${token}.${value} ${token} ${value}`);
      nc.publish(`shuffle.${token}.${value}`);
    }
    await nc.flush();
    await version(number);
  }
  await until('all have run', () => seen.length >= sent.length, { withinMs: 30_000 });
  const withoutVersion = seen.map((text) => text.slice(0, text.lastIndexOf(' ')));
  assert.deepEqual(withoutVersion.toSorted(), sent.toSorted());
  assert.ok(new Set(seen.map((text) => text.slice(text.lastIndexOf(' ')))).size > 2);
});

test('What waits for a trigger that is gone is run by the version that had it', async () => {
  const held: Msg[] = [];
  const gate = nc.subscribe('gate', { callback: (_error, message) => void held.push(message) });
  await nc.flush();
  const code = (version: string): string =>
    handler(`if (msg.params.a === '1') await env.BUS.request('gate', '', { timeoutMs: 60_000 });
      return '${version} ' + JSON.stringify(msg.params);`);
  const shared = {
    name: 'leaver',
    limits: { concurrency: 1, timeout: '60s' },
    bindings: { BUS: { request: ['gate'] } },
  };
  await deploy({ ...shared, code: code('old'), triggers: ['leaver.gone.{a}', 'leaver.kept.{b}'] });
  const asked = ['gone.1', 'gone.2', 'kept.3', 'gone.4'].map((rest) =>
    ask(`leaver.${rest}`, '', { timeoutMs: 60_000 }),
  );
  await until('the first is held', () => held.length > 0);
  await until('the others wait', async () => (await client.info('leaver')).stats.queued === 3);
  await deploy({ ...shared, code: code('new'), triggers: ['leaver.kept.{c}'] });
  held[0]?.respond();
  const texts = (await Promise.all(asked)).map(({ text }) => text);
  assert.deepEqual(texts, ['old {"a":"1"}', 'old {"a":"2"}', 'new {"c":"3"}', 'old {"a":"4"}']);
  assert.equal((await ask('leaver.gone.5')).outcome, 'no responders');
  gate.unsubscribe();
});

test('Calls in the heavy lane finish in the version in which they began, and none runs twice', async () => {
  const seen = await watchSeen('lane');
  const code = (version: string): string =>
    handler(`await env.BUS.publish('seen.lane', msg.text());
      const until = Date.now() + 200; while (Date.now() < until); return '${version}';`);
  const definition = { name: 'lane', limits: { cpu: '1s', timeout: '30s' }, bindings: SEEN };
  await deploy({ ...definition, code: code('old') });
  assert.equal((await ask('lane', 'warm')).text, 'old');
  const asked = Array.from({ length: 8 }, (_, index) => ask('lane', `${index}`));
  await until('some have begun', () => seen.length > 1);
  await deploy({ ...definition, code: code('new') });
  const after = Array.from({ length: 3 }, (_, index) => ask('lane', `after ${index}`));
  const texts = (await Promise.all(asked)).map(({ outcome, text }) => `${outcome} ${text}`);
  assert.ok(
    texts.every((text) => text === 'ok old' || text === 'ok new'),
    texts.join(),
  );
  assert.ok(texts.includes('ok old'));
  for (const { text } of await Promise.all(after)) assert.equal(text, 'new');
  assert.deepEqual(seen.toSorted(), [
    ...Array.from({ length: 8 }, (_, index) => `${index}`),
    ...Array.from({ length: 3 }, (_, index) => `after ${index}`),
    'warm',
  ]);
});

test('What waitUntil keeps going goes on over a redeploy and an undeploy, with its bindings', async () => {
  const seen = await watchSeen('tail');
  const code = handler(`ctx.waitUntil((async () => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await env.BUS.publish('seen.tail', msg.text());
  })()); return 'replied';`);
  await deploy({ name: 'tail', code, bindings: SEEN });
  assert.equal((await ask('tail', 'first')).text, 'replied');
  await deploy({ name: 'tail', code: handler('return "new";'), bindings: SEEN });
  assert.equal((await ask('tail', '')).text, 'new');
  await client.undeploy('tail');
  await nc.flush();
  assert.deepEqual(seen, ['first']);
});

test('Requests under way over redeploys that rename captures are all answered, each with its own', async () => {
  const origin = world.host.httpUrl ?? '';
  const version = (number: number): Promise<unknown> => {
    const triggers: TestTrigger[] = [
      { http: { route: `/pages/:pageV${number}` } },
      { http: { route: `/books/:bookV${number}/*` } },
    ];
    return deploy({
      name: 'pages',
      code: `export default { async fetch(request, env, ctx) {
        await new Promise((resolve) => setTimeout(resolve, 10)); return Response.json(ctx.params); } };`,
      triggers: number % 2 === 0 ? triggers : triggers.toReversed(),
      limits: { concurrency: 4 },
    });
  };
  await version(0);
  const answers: string[] = [];
  let stopped = false;
  let sent = 0;
  const client = async (): Promise<void> => {
    while (!stopped) {
      const index = sent;
      sent += 1;
      const path = index % 2 === 0 ? `/pages/${index}` : `/books/${index}/more`;
      const response = await fetch(origin + path);
      const text = (await response.text()).replaceAll(/V\d+/g, '');
      const expected = index % 2 === 0 ? `{"page":"${index}"}` : `{"1":"more","book":"${index}"}`;
      answers.push(
        response.status === 200 && text === expected ? 'ok' : `${response.status} ${path} ${text}`,
      );
    }
  };
  const clients = Array.from({ length: 8 }, client);
  for (let number = 1; number <= 6; number += 1) {
    const before = answers.length;
    await until('requests are answered', () => answers.length > before + 20);
    await version(number);
  }
  stopped = true;
  await Promise.all(clients);
  assert.deepEqual([...new Set(answers)].slice(0, 5), ['ok']);
});
