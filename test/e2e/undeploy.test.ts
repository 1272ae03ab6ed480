import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { handler, startTestHost } from '../support/host.ts';
import { tally, until } from '../support/load.ts';

/** Deployments here take less, on the busiest machine. */
const world = await startTestHost({ artifactSweepMs: 2_000 });
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;
const client = world.client();

interface Leftovers {
  readonly functions: number;
  readonly objects: readonly string[];
  readonly consumers: readonly string[];
  readonly files: readonly string[];
}

/** An artifact and its code cache. */
const FILES = 2;

async function leftovers(nats: NatsConnection): Promise<Leftovers> {
  const manager = await jetstreamManager(nats);
  const consumers: string[] = [];
  for await (const { config } of manager.streams.list())
    for await (const { name } of manager.consumers.list(config.name))
      consumers.push(`${config.name} ${name}`);
  const objects = await (await new Objm(nats).open('hairspring-artifacts')).list();
  const { state } = await manager.streams.info('KV_hairspring-functions');
  return {
    functions: state.messages,
    objects: objects.map(({ name }) => name),
    consumers: consumers.filter((name) => !name.startsWith('OBJ_')),
    files: readdirSync(join(world.dataDir, 'artifacts')),
  };
}

const NOTHING: Leftovers = { functions: 0, objects: [], consumers: [], files: [] };

/** An artifact that nobody needs is gone after two looks. */
function untilLeft(what: string, isLeft: (left: Leftovers) => boolean): Promise<boolean> {
  return until(what, async () => isLeft(await leftovers(nc)), { withinMs: 30_000, everyMs: 100 });
}

test('Undeploying leaves no subscription, no key or marker and no consumer, and in a while no object and no file', async () => {
  await deploy({
    name: 'guest',
    code: handler('await env.B.put("a.b", "1"); return (await env.B.keys()).join();'),
    triggers: ['guest', 'guest.{name}', { subject: 'all.guests', fanout: true }],
    bindings: { B: { kv: 'guests', access: 'read-write' } },
  });
  assert.equal((await ask('guest')).text, 'a.b');
  const during = await leftovers(nc);
  assert.deepEqual([during.functions, during.objects.length, during.files.length], [1, 1, FILES]);
  await client.undeploy('guest');
  const { functions, consumers } = await leftovers(nc);
  assert.deepEqual([functions, consumers], [0, []]);
  for (const subject of ['guest', 'guest.x', 'all.guests'])
    assert.equal((await ask(subject)).outcome, 'no responders', subject);
  assert.deepEqual(await client.list(), []);
  await assert.rejects(client.info('guest'), { code: 'HS_FUNCTION_NOT_FOUND' });
  await assert.rejects(client.undeploy('guest'), { code: 'HS_FUNCTION_NOT_FOUND' });
  await assert.rejects(client.invoke('guest', ''), { code: 'HS_FUNCTION_NOT_FOUND' });
  await untilLeft('nothing is left', (left) => isDeepStrictEqual(left, NOTHING));
});

test('Two functions with the same code share an artifact, and it goes with the last of them', async () => {
  const code = handler('return "twin";');
  await deploy({ name: 'twin-a', code });
  await deploy({ name: 'twin-b', code });
  await deploy({ name: 'twin-b', code, triggers: ['twin-b', 'twin-c'] });
  await deploy({ name: 'other', code: handler('return "other";') });
  for (const name of ['twin-a', 'other']) await client.undeploy(name);
  await untilLeft(
    'that of the other is gone',
    ({ objects, files }) => objects.length + files.length === 1 + FILES,
  );
  assert.equal((await ask('twin-c')).text, 'twin');
  await client.undeploy('twin-b');
  await untilLeft('nothing is left', (left) => isDeepStrictEqual(left, NOTHING));
});

test('A redeploy with other code, and one that is refused, leave no artifact in a while', async () => {
  await deploy({ name: 'changing', code: handler('return 1;') });
  await deploy({ name: 'changing', code: handler('return 2;') });
  const refused = {
    name: 'changing',
    code: handler('return 3;'),
    bindings: { B: { kv: 'nowhere', existing: true } },
  };
  await assert.rejects(deploy(refused), { code: 'HS_KV_BUCKET_MISSING' });
  await untilLeft('one is left', ({ objects, files }) => objects.length + files.length === 1 + FILES);
  assert.equal((await ask('changing')).text, '2');
  await client.undeploy('changing');
});

test('Undeploying waits for what was accepted, queued calls included', async () => {
  await deploy({
    name: 'busy',
    code: handler('await new Promise((resolve) => setTimeout(resolve, 150)); return "done";'),
    limits: { concurrency: 10 },
  });
  assert.equal((await ask('busy')).text, 'done');
  const asked = Array.from({ length: 30 }, () => ask('busy'));
  await until('calls are accepted', async () => {
    const { stats } = await client.info('busy');
    return stats.inFlight + stats.queued === 30;
  });
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
