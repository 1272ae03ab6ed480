import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { handler, startTestHost } from '../support/host.ts';
import { tally, until } from '../support/load.ts';

const world = await startTestHost();
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

test('Undeploying leaves no subscription, no key or marker, no object, no consumer and no file', async () => {
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
  assert.deepEqual(await leftovers(nc), { functions: 0, objects: [], consumers: [], files: [] });
  for (const subject of ['guest', 'guest.x', 'all.guests'])
    assert.equal((await ask(subject)).outcome, 'no responders', subject);
  assert.deepEqual(await client.list(), []);
  await assert.rejects(client.info('guest'), { code: 'HS_FUNCTION_NOT_FOUND' });
  await assert.rejects(client.undeploy('guest'), { code: 'HS_FUNCTION_NOT_FOUND' });
  await assert.rejects(client.invoke('guest', ''), { code: 'HS_FUNCTION_NOT_FOUND' });
});

test('Two functions with the same code share an artifact, and it goes with the last of them', async () => {
  const code = handler('return "twin";');
  await deploy({ name: 'twin-a', code });
  await deploy({ name: 'twin-b', code });
  await deploy({ name: 'twin-b', code, triggers: ['twin-b', 'twin-c'] });
  await client.undeploy('twin-a');
  assert.equal((await ask('twin-c')).text, 'twin');
  assert.equal((await leftovers(nc)).files.length, FILES);
  await client.undeploy('twin-b');
  assert.deepEqual(await leftovers(nc), { functions: 0, objects: [], consumers: [], files: [] });
});

test('A redeploy with other code drops the artifact of the old version', async () => {
  await deploy({ name: 'changing', code: handler('return 1;') });
  await deploy({ name: 'changing', code: handler('return 2;') });
  const { objects, files } = await leftovers(nc);
  assert.deepEqual([objects.length, files.length], [1, FILES]);
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

test('A function deployed again after an undeploy is a new one', async () => {
  const first = await deploy({ name: 'phoenix', code: handler('return "a";') });
  await client.undeploy('phoenix');
  const second = await deploy({ name: 'phoenix', code: handler('return "a";') });
  assert.notEqual(second.id, first.id);
  assert.equal((await ask('phoenix')).text, 'a');
  await client.undeploy('phoenix');
});
