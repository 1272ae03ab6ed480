import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { putArtifact } from '../../src/control/index.ts';
import { runCli } from '../cli/support/cli.ts';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());
const nc = await connectTo(nats);
after(() => nc.close());

const CODE = `export default { fetch: () => new Response('page'), message: () => 'page' };`;
const TRIGGERS = ['page', { http: { route: '/page' } }];

/** Deploys a function with a node that is gone afterwards, and takes its artifact out of the store. */
async function lose(name: string): Promise<{ readonly digest: string; readonly bytes: Uint8Array }> {
  await using world = await startTestHost({ nats });
  await world.deploy({ name, code: CODE, triggers: TRIGGERS });
  const { definition } = await world.client().info(name);
  const { digest } = definition.artifact;
  const store = await new Objm(nc).open('hairspring-artifacts');
  const object = (await store.list()).find((one) => one.name.includes(digest))?.name ?? '';
  const bytes = (await store.getBlob(object)) ?? new Uint8Array();
  await store.delete(object);
  return { digest, bytes };
}

async function stateOf(world: TestHost, name: string): Promise<readonly unknown[]> {
  const [found] = await world.client().list({ filter: [name] });
  return [found?.workload_state, found?.metadata['hairspring_waiting']];
}

test('A function whose artifact is not to be had when its node starts is listed with the reason, and served when it is there', async () => {
  const { digest, bytes } = await lose('late');
  await using world = await startTestHost({ nats });
  const [state, reason] = await stateOf(world, 'late');
  assert.equal(state, 'error');
  assert.match(String(reason), new RegExp(`${digest}.* there is no such object$`));
  const { waitingCode, waitingRemedy = '' } = await world.client().info('late');
  assert.equal(waitingCode, 'HS_ARTIFACT_MISSING');
  for (const command of [['list'], ['info', 'late']]) {
    const { stdout } = await runCli([...command, '--server', nats.url]);
    assert.ok(stdout.includes(waitingRemedy), stdout);
    assert.doesNotMatch(stdout, /secret/);
  }
  assert.equal((await world.ask('page')).outcome, 'no responders');
  await putArtifact(nc, digest, bytes);
  await until('it is served', async () => (await world.ask('page')).text === 'page', { withinMs: 20_000 });
  assert.deepEqual(await stateOf(world, 'late'), ['warm', undefined]);
  await world.client().undeploy('late');
});

test('A request for a function that waits is refused so that it is sent again, and served when the function is', async () => {
  const { digest, bytes } = await lose('page');
  await using world = await startTestHost({
    nats,
    http: { host: '127.0.0.1', port: 0, names: {}, ownNamespace: 'default' },
  });
  const asked = await fetch(`${world.host.httpUrl}/page`);
  assert.equal(asked.status, 503);
  assert.equal(asked.headers.get('retry-after'), '1');
  const { code, retryable } = (await asked.json()) as { code: string; retryable: boolean };
  assert.deepEqual([code, retryable], ['HS_FUNCTION_WAITING', true]);
  await putArtifact(nc, digest, bytes);
  const isServed = async (): Promise<boolean> => (await fetch(`${world.host.httpUrl}/page`)).status === 200;
  await until('it is served', isServed, { withinMs: 20_000 });
  await world.client().undeploy('page');
  assert.equal((await fetch(`${world.host.httpUrl}/page`)).status, 404);
});

test('A function whose artifact is lost can be undeployed, and then another one has its route', async () => {
  await lose('ghost');
  await using world = await startTestHost({ nats });
  const heir = { name: 'heir', code: CODE, triggers: TRIGGERS };
  await assert.rejects(world.deploy(heir), { code: 'HS_ROUTE_TAKEN' });
  await world.client().undeploy('ghost');
  assert.deepEqual(await world.client().list(), []);
  await world.deploy(heir);
  assert.equal((await world.ask('page')).text, 'page');
  await world.client().undeploy('heir');
});

test('A function in a form that the node does not know is listed, undeployed and replaced as others are', async () => {
  const bucket = await new Kvm(nc).create('hairspring-functions', { history: 1 });
  for (const name of ['newer', 'odd'])
    await bucket.put(`default.${name}`, JSON.stringify({ format: 2, id: `id-of-${name}`, name }));
  await using world = await startTestHost({ nats });
  for (const name of ['newer', 'odd'])
    assert.deepEqual(await stateOf(world, name), [
      'error',
      'It is stored in a form that this node does not know; another version of Hairspring has stored it',
    ]);
  assert.equal((await world.client().list({ filter: ['id-of-newer'] })).length, 1);
  await world.client().undeploy('newer');
  assert.equal(await bucket.get('default.newer'), null);
  await world.deploy({ name: 'odd', code: handler('return "known";') });
  assert.equal((await world.ask('odd')).text, 'known');
  assert.equal((await world.client().info('odd')).definition.id, 'id-of-odd');
  await world.client().undeploy('odd');
});

test('A copy of a function under another name takes neither its place nor its name, and goes without it', async () => {
  await using world = await startTestHost({ nats });
  const { id } = await world.deploy({ name: 'original', code: handler('return "original";') });
  const bucket = await new Kvm(nc).open('hairspring-functions');
  const stored = (await bucket.get('default.original'))?.value ?? new Uint8Array();
  for (const key of ['default.copy', 'other.copy', 'other.original']) await bucket.put(key, stored);
  const client = world.client();
  await until('the copy is listed', async () => (await client.list()).length === 2);
  const states = (await client.list()).map(({ name, workload_state }) => [name, workload_state]);
  assert.deepEqual(states, [
    ['copy', 'error'],
    ['original', 'running'],
  ]);
  await client.undeploy('copy');
  for (const name of ['copy', 'original']) await world.client('other').undeploy(name);
  assert.equal((await client.info('original')).definition.id, id);
  assert.equal((await world.ask('original')).text, 'original');
  await client.undeploy('original');
});
