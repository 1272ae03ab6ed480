import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { tally, until, untilAccepted } from '../support/load.ts';

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;
const client = world.client();

test('Undeploying waits for what was accepted, queued calls included', async () => {
  await deploy({
    name: 'busy',
    code: handler('await new Promise((resolve) => setTimeout(resolve, 150)); return "done";'),
    limits: { concurrency: 10 },
  });
  assert.equal((await ask('busy')).text, 'done');
  const asked = Array.from({ length: 30 }, () => ask('busy'));
  await untilAccepted(client, 'busy', 30, 1);
  await client.undeploy('busy');
  assert.deepEqual(tally(await Promise.all(asked)), { ok: 30 });
  assert.equal((await ask('busy')).outcome, 'no responders');
});

test('A name is free for the next deployment while what was accepted is finished', async () => {
  await deploy({
    name: 'lingering',
    code: handler('return (await env.BUS.request("release", "", { timeoutMs: 25_000 })).text();'),
    bindings: { BUS: { request: ['release'] } },
    limits: { timeout: '30s' },
  });
  const held = nc.subscribe('release');
  const asked = ask('lingering', '', { timeoutMs: 30_000 });
  const { value: release } = await held[Symbol.asyncIterator]().next();
  let isGone = false;
  const undeployed = client.undeploy('lingering').then(() => {
    isGone = true;
  });
  await until('it is removed', async () => (await client.list()).length === 0);
  await deploy({ name: 'lingering', code: handler('return "next";') });
  assert.equal(isGone, false);
  assert.equal((await ask('lingering')).text, 'next');
  release?.respond('finished');
  assert.equal((await asked).text, 'finished');
  await undeployed;
  assert.equal((await ask('lingering')).text, 'next');
  await client.undeploy('lingering');
});

test('A function deployed again after an undeploy is a new one', async () => {
  const first = await deploy({ name: 'phoenix', code: handler('return "a";') });
  await client.undeploy('phoenix');
  const second = await deploy({ name: 'phoenix', code: handler('return "a";') });
  assert.notEqual(second.id, first.id);
  assert.equal((await ask('phoenix')).text, 'a');
  await client.undeploy('phoenix');
});
