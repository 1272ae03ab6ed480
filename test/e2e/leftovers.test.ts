import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());
const nc = await connectTo(nats);
after(() => nc.close());
const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-leftovers-'));
after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }));

/** A node that sweeps nothing while it lives here. */
function startDeploying(): Promise<TestHost> {
  return startTestHost({ nats, dataDir });
}

/** The same node later. It sweeps so soon that it would take the artifact of a deployment that is under way. */
function startSweeping(): Promise<TestHost> {
  return startTestHost({ nats, dataDir, artifactSweepMs: 200 });
}

interface Leftovers {
  readonly functions: number;
  readonly objects: readonly string[];
  readonly consumers: readonly string[];
  readonly files: readonly string[];
}

/** An artifact and its code cache. */
const FILES = 2;

async function leftovers(): Promise<Leftovers> {
  const manager = await jetstreamManager(nc);
  const consumers: string[] = [];
  for await (const { config } of manager.streams.list())
    for await (const { name } of manager.consumers.list(config.name))
      consumers.push(`${config.name} ${name}`);
  // By the subjects that are there: the client's own list makes a consumer for each look, beside which nats-server 2.15.1
  // now and then goes on to deliver what was purged meanwhile.
  const bucket = await manager.streams.info('OBJ_hairspring-artifacts', {
    subjects_filter: '$O.hairspring-artifacts.M.>',
  });
  const { state } = await manager.streams.info('KV_hairspring-functions');
  return {
    functions: state.messages,
    objects: Object.keys(bucket.state.subjects ?? {}),
    consumers,
    files: readdirSync(join(dataDir, 'artifacts')),
  };
}

const NOTHING: Leftovers = { functions: 0, objects: [], consumers: [], files: [] };

/** An artifact that nobody needs is gone after two looks. @throws with what was seen last */
async function untilLeft(what: string, isLeft: (left: Leftovers) => boolean): Promise<void> {
  let last: Leftovers | undefined;
  const look = async (): Promise<boolean> => {
    last = await leftovers();
    return isLeft(last);
  };
  try {
    await until(what, look, { withinMs: 30_000, everyMs: 100 });
  } catch (cause) {
    throw new Error(`${what}: not so, but ${JSON.stringify(last)}`, { cause });
  }
}

test('Undeploying leaves no subscription, no key or marker and no consumer, and in a while no object and no file', async () => {
  {
    await using world = await startDeploying();
    const { ask, deploy } = world;
    const client = world.client();
    await deploy({
      name: 'guest',
      code: handler('await env.B.put("a.b", "1"); return (await env.B.keys()).join();'),
      triggers: ['guest', 'guest.{name}', { subject: 'all.guests', fanout: true }],
      bindings: { B: { kv: 'guests', access: 'read-write' } },
    });
    assert.equal((await ask('guest')).text, 'a.b');
    const during = await leftovers();
    assert.deepEqual([during.functions, during.objects.length, during.files.length], [1, 1, FILES]);
    await client.undeploy('guest');
    const { functions, consumers } = await leftovers();
    assert.deepEqual([functions, consumers], [0, []]);
    for (const subject of ['guest', 'guest.x', 'all.guests'])
      assert.equal((await ask(subject)).outcome, 'no responders', subject);
    assert.deepEqual(await client.list(), []);
    await assert.rejects(client.info('guest'), { code: 'HS_FUNCTION_NOT_FOUND' });
    await assert.rejects(client.undeploy('guest'), { code: 'HS_FUNCTION_NOT_FOUND' });
    await assert.rejects(client.invoke('guest', ''), { code: 'HS_FUNCTION_NOT_FOUND' });
  }
  await using _world = await startSweeping();
  await untilLeft('nothing is left', (left) => isDeepStrictEqual(left, NOTHING));
});

test('Two functions with the same code share an artifact, and it goes with the last of them', async () => {
  const code = handler('return "twin";');
  {
    await using world = await startDeploying();
    const { deploy } = world;
    await deploy({ name: 'twin-a', code });
    await deploy({ name: 'twin-b', code });
    await deploy({ name: 'twin-b', code, triggers: ['twin-b', 'twin-c'] });
    await deploy({ name: 'other', code: handler('return "other";') });
    for (const name of ['twin-a', 'other']) await world.client().undeploy(name);
  }
  await using world = await startSweeping();
  await untilLeft(
    'that of the other is gone',
    ({ objects, files }) => objects.length + files.length === 1 + FILES,
  );
  assert.equal((await world.ask('twin-c')).text, 'twin');
  await world.client().undeploy('twin-b');
  await untilLeft('nothing is left', (left) => isDeepStrictEqual(left, NOTHING));
});

test('A redeploy with other code, and one that is refused, leave no artifact in a while', async () => {
  {
    await using world = await startDeploying();
    const { deploy } = world;
    await deploy({ name: 'changing', code: handler('return 1;') });
    await deploy({ name: 'changing', code: handler('return 2;') });
    const refused = {
      name: 'changing',
      code: handler('return 3;'),
      bindings: { B: { kv: 'nowhere', existing: true } },
    };
    await assert.rejects(deploy(refused), { code: 'HS_KV_BUCKET_MISSING' });
  }
  await using world = await startSweeping();
  await untilLeft('one is left', ({ objects, files }) => objects.length + files.length === 1 + FILES);
  assert.equal((await world.ask('changing')).text, '2');
  await world.client().undeploy('changing');
});
