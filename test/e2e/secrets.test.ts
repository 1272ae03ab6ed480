import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { hairspringSubjects, type SealedSecret } from '../../src/core/index.ts';
import { BoundCell } from '../../src/host/cells/bound-cell.ts';
import type { RecordedCall } from '../../src/host/index.ts';
import { loadNodeKeys } from '../../src/host/state/node-identity.ts';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { command, toWasm, writeFd } from '../support/wasm.ts';

const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());
const recorded: RecordedCall[] = [];
const world = await startTestHost({
  nats,
  telemetry: { onCall: (call) => void recorded.push(call), reportMs: 50 },
});
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;
const { nodeId } = world.host;

const TELL = handler('return env.API_KEY;');
const BOUND = { API_KEY: { secret: 'api-key' } };

interface ConsumerRequest {
  readonly stream_name: string;
  readonly config: { readonly filter_subject?: string };
}

/** Sends what a client has sealed, or what became of it, to the node. */
async function send(namespace: string, secret: object): Promise<string> {
  const answer = await nc.request(hairspringSubjects.secretSet(namespace, nodeId), JSON.stringify(secret));
  return answer.headers?.get('Hairspring-Error') ?? '';
}

async function sealed(namespace: string, name: string): Promise<SealedSecret> {
  const entry = await (await new Kvm(nc).open('hairspring-secrets')).get(`${namespace}.${name}.${nodeId}`);
  assert.ok(entry);
  return entry.json();
}

test('A function whose secret is not set is refused, with the command that sets it', async () => {
  await assert.rejects(
    deploy({ name: 'early', code: TELL, bindings: { API_KEY: { secret: 'not-there' } }, namespace: 'none' }),
    (error: { readonly code?: string; readonly message: string; readonly hint?: string }) => {
      assert.equal(error.code, 'HS_SECRET_MISSING');
      assert.match(error.message, /"not-there" of namespace "none"/);
      assert.match(error.hint ?? '', /hairspring secret set not-there --namespace none/);
      return true;
    },
  );
  assert.deepEqual(await world.client('none').list(), []);
});

test('A function finds its secret in env as text, and only those that it is bound to', async () => {
  const client = world.client();
  await client.setSecret('api-key', 'first-value-of-the-key');
  await client.setSecret('other', 'value-of-another-one');
  await deploy({
    name: 'teller',
    code: handler('return { env, key: env.API_KEY, type: typeof env.API_KEY };'),
    bindings: BOUND,
    environment: { LEVEL: 'info' },
  });
  const answer = JSON.parse((await ask('teller')).text);
  assert.deepEqual(answer, {
    env: { LEVEL: 'info', API_KEY: 'first-value-of-the-key' },
    key: 'first-value-of-the-key',
    type: 'string',
  });
  assert.deepEqual((await client.info('teller')).definition.bindings, {
    API_KEY: { service: 'secret', secret: 'api-key' },
  });
});

test('A new value reaches a running function, whose accepted work finishes with the old one', async () => {
  const client = world.client('rotation');
  await client.setSecret('api-key', 'value-before');
  await deploy({
    name: 'rotated',
    code: handler(`
      if (msg.text() === 'wait') { await env.BUS.request('rotation.gate', ''); }
      return env.API_KEY;`),
    bindings: { ...BOUND, BUS: { request: ['rotation.gate'] } },
    namespace: 'rotation',
  });
  const gate = nc.subscribe('rotation.gate');
  const waiting = ask('rotated', 'wait');
  const { value: held } = await gate[Symbol.asyncIterator]().next();
  const { nodes } = await client.setSecret('api-key', 'value-after');
  assert.deepEqual(nodes, [{ nodeId, opened: true, functions: ['rotated'], failures: [] }]);
  assert.equal((await ask('rotated')).text, 'value-after');
  held?.respond('');
  assert.equal((await waiting).text, 'value-before');
  assert.equal((await ask('rotated')).text, 'value-after');
});

test('A value that is set while a function is deployed reaches it', async (t) => {
  const client = world.client('while');
  await client.setSecret('api-key', 'value-before');
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { activate } = BoundCell.prototype;
  t.mock.method(
    BoundCell.prototype,
    'activate',
    async function (this: BoundCell, ...args: Parameters<typeof activate>): Promise<void> {
      await activate.apply(this, args);
      begin();
      await released;
    },
    { times: 1 },
  );
  const deployed = deploy({ name: 'between', code: TELL, bindings: BOUND, namespace: 'while' });
  await begun;
  await client.setSecret('api-key', 'value-after');
  release();
  await deployed;
  assert.equal((await ask('between')).text, 'value-after');
});

test('New values under load lose no message, and no new call has an old value', async () => {
  const client = world.client('load');
  await client.setSecret('api-key', 'value-0');
  await deploy({ name: 'loaded', code: TELL, bindings: BOUND, namespace: 'load' });
  let last = 0;
  let stopped = false;
  const worker = async (): Promise<void> => {
    while (!stopped) {
      const atLeast = last;
      const answer = await ask('loaded');
      assert.equal(answer.outcome, 'ok');
      assert.ok(
        Number(answer.text.slice('value-'.length)) >= atLeast,
        `${answer.text} after value-${atLeast}`,
      );
    }
  };
  const workers = Array.from({ length: 16 }, worker);
  for (let next = 1; next <= 5; next += 1) {
    await client.setSecret('api-key', `value-${next}`);
    last = next;
    assert.equal((await ask('loaded')).text, `value-${next}`);
  }
  stopped = true;
  await Promise.all(workers);
});

test('A WebAssembly function finds its secret in its environment', async () => {
  const body = `(drop (call $environ_sizes_get (i32.const 24) (i32.const 28)))
    (drop (call $environ_get (i32.const 128) (i32.const 1024)))
    ${writeFd(1, 1024, '(i32.load (i32.const 28))')}`;
  await world.client('wasm').setSecret('api-key', 'value-for-a-module');
  await deploy({ name: 'module', code: toWasm(command(body)), bindings: BOUND, namespace: 'wasm' });
  assert.equal((await ask('module')).text, 'API_KEY=value-for-a-module\0');
});

test('What is altered, cut off, replayed or sealed to another is refused, each with its own code', async () => {
  await world.client('victim').setSecret('api-key', 'value-of-the-victim');
  await world.client('victim').setSecret('spare-key', 'value-of-the-spare');
  await deploy({ name: 'victim', code: TELL, bindings: BOUND, namespace: 'victim' });
  const good = await sealed('victim', 'spare-key');
  const box = Buffer.from(good.sealed, 'base64');
  const altered = Buffer.from(box);
  altered.writeUInt8(altered.readUInt8(60) ^ 1, 60);
  const stranger = (await sealed('victim', 'api-key')).sender;
  const tried = {
    'altered bytes': await send('victim', { ...good, sealed: altered.toString('base64') }),
    'cut off by the half': await send('victim', {
      ...good,
      sealed: box.subarray(0, box.length / 2).toString('base64'),
    }),
    'cut off to less than a nonce': await send('victim', {
      ...good,
      sealed: box.subarray(0, 20).toString('base64'),
    }),
    'no Base64': await send('victim', { ...good, sealed: 'not base64 at all!' }),
    'another sender': await send('victim', { ...good, sender: stranger }),
    'another name': await send('victim', { ...good, name: 'api-key' }),
    'another id': await send('victim', { ...good, id: 'another' }),
    'another end': await send('victim', { ...good, notAfter: '2999-01-01T00:00:00.000Z' }),
    'another namespace': await send('default', good),
    'another namespace, whose key it claims': await send('default', {
      ...good,
      recipient: (await sealed('default', 'api-key')).recipient,
    }),
  };
  assert.deepEqual(tried, {
    'altered bytes': 'HS_SECRET_TAMPERED',
    'cut off by the half': 'HS_SECRET_TAMPERED',
    'cut off to less than a nonce': 'HS_SECRET_DAMAGED',
    'no Base64': 'HS_REQUEST_INVALID',
    'another sender': 'HS_SECRET_TAMPERED',
    'another name': 'HS_SECRET_MISMATCH',
    'another id': 'HS_SECRET_MISMATCH',
    'another end': 'HS_SECRET_MISMATCH',
    'another namespace': 'HS_SECRET_RECIPIENT',
    'another namespace, whose key it claims': 'HS_SECRET_TAMPERED',
  });
  assert.equal((await ask('victim')).text, 'value-of-the-victim');
  assert.equal(await send('victim', { ...good, name: 'a.b' }), 'HS_REQUEST_INVALID');
  assert.equal(await send('system', good), 'HS_REQUEST_INVALID');
});

test('A listing tells names, times and users, and never a value', async () => {
  const client = world.client('listed');
  await client.setSecret('b-key', 'value-of-the-b-key');
  await client.setSecret('a-key', 'value-of-the-a-key', { notAfter: new Date('2999-01-01T00:00:00Z') });
  await deploy({ name: 'user', code: TELL, bindings: { API_KEY: { secret: 'b-key' } }, namespace: 'listed' });
  const secrets = await client.listSecrets();
  assert.deepEqual(
    secrets.map(({ name, functions, nodes, notAfter }) => ({ name, functions, nodes, notAfter })),
    [
      { name: 'a-key', functions: [], nodes: [nodeId], notAfter: '2999-01-01T00:00:00.000Z' },
      { name: 'b-key', functions: ['user'], nodes: [nodeId], notAfter: undefined },
    ],
  );
  assert.ok(secrets.every(({ setAt }) => Math.abs(Date.parse(setAt) - Date.now()) < 60_000));
  assert.doesNotMatch(JSON.stringify(secrets), /value-of/);
  assert.deepEqual(await world.client('nobody').listSecrets(), []);
});

test('A secret is deleted when nobody uses it any more, and leaves nothing behind', async () => {
  const client = world.client('deletion');
  await client.setSecret('api-key', 'value-to-be-deleted');
  await deploy({ name: 'last-user', code: TELL, bindings: BOUND, namespace: 'deletion' });
  await assert.rejects(client.deleteSecret('api-key'), { code: 'HS_SECRET_IN_USE', message: /last-user/ });
  await client.undeploy('last-user');
  assert.deepEqual(await client.deleteSecret('api-key'), [nodeId]);
  await assert.rejects(client.deleteSecret('api-key'), { code: 'HS_SECRET_MISSING' });
  const bucket = await new Kvm(nc).open('hairspring-secrets');
  assert.equal(await bucket.get(`deletion.api-key.${nodeId}`), null);
});

test('A request about secrets has only its own namespace read, and nothing when the secret is not there', async () => {
  await deploy({ name: 'stranger', code: TELL.replace('env.API_KEY', '1'), namespace: 'strangers' });
  const client = world.client('frugal');
  const reads: string[] = [];
  const watch = nc.subscribe('$JS.API.CONSUMER.CREATE.>', {
    callback: (_error, msg) => {
      const { stream_name: stream, config } = msg.json<ConsumerRequest>();
      if (stream === 'KV_hairspring-functions') reads.push(config.filter_subject ?? '');
    },
  });
  await assert.rejects(client.deleteSecret('made-up'), { code: 'HS_SECRET_MISSING' });
  await nc.flush();
  assert.deepEqual(reads, []);
  await client.setSecret('api-key', 'value-of-frugal');
  await deploy({ name: 'frugal', code: TELL, bindings: BOUND, namespace: 'frugal' });
  reads.length = 0;
  assert.deepEqual((await client.listSecrets())[0]?.functions, ['frugal']);
  await assert.rejects(client.deleteSecret('api-key'), { code: 'HS_SECRET_IN_USE' });
  await nc.flush();
  watch.unsubscribe();
  const own = '$KV.hairspring-functions.frugal.>';
  assert.deepEqual(reads, [own, own]);
});

test('A secret past its time is not opened any more', async () => {
  const client = world.client('expiry');
  await client.setSecret('api-key', 'value-of-yesterday', { notAfter: new Date(Date.now() - 1_000) });
  await assert.rejects(deploy({ name: 'late', code: TELL, bindings: BOUND, namespace: 'expiry' }), {
    code: 'HS_SECRET_EXPIRED',
  });
  assert.deepEqual(await client.list(), []);
  await client.setSecret('api-key', 'value-of-today');
  await deploy({ name: 'late', code: TELL, bindings: BOUND, namespace: 'expiry' });
  assert.equal((await ask('late')).text, 'value-of-today');
});

test('A secret is in no log, no error, no definition, no file and no process that can be looked at', async () => {
  const value = 'needle-4f1c9e77-in-the-haystack';
  const nc2 = await connectTo(nats);
  after(() => nc2.close());
  const client = world.client('quiet');
  await client.setSecret('api-key', value);
  const { id } = await deploy({
    name: 'talker',
    code: handler(`
      console.log('the key is', env.API_KEY, 'indeed');
      console.error({ env });
      console.warn('x'.repeat(8_192 - 20) + env.API_KEY);
      console.log({ key: 'x'.repeat(1_980) + env.API_KEY });
      if (msg.text() === 'throw') throw new Error('No luck with ' + env.API_KEY);
      if (msg.text() === 'reject') void Promise.reject(new Error('Nor with ' + env.API_KEY));
      return 'ok';`),
    bindings: BOUND,
    environment: { MARKER: 'what-is-not-secret-is-found' },
    namespace: 'quiet',
  });
  const seen: string[] = [];
  const feed = nc2.subscribe('$NEX.FEED.>', { callback: (_error, msg) => void seen.push(msg.string()) });
  await nc2.flush();
  assert.equal((await ask('talker')).text, 'ok');
  assert.equal((await ask('talker', 'reject')).text, 'ok');
  const thrown = await ask('talker', 'throw');
  assert.equal(thrown.outcome, 'HS_FUNCTION_THREW');
  assert.match(thrown.headers?.get('error') ?? '', /No luck with \[secret API_KEY\]/);
  await until('what was thrown is logged', () => seen.some((line) => line.includes('Error: No luck')));
  feed.unsubscribe();
  assert.ok(seen.some((line) => line.includes('the key is [secret API_KEY] indeed')));
  assert.ok(seen.some((line) => line.includes('Error: No luck with [secret API_KEY]')));
  const texts = {
    feeds: seen.join('\n'),
    'error of a caller': JSON.stringify([...(thrown.headers ?? [])]) + thrown.text,
    "the host's log": JSON.stringify(world.logs),
    definition: JSON.stringify([await client.info('talker'), await client.clone(id), await client.list()]),
    'data folder': await contentOf(world.dataDir),
    'store of the server': await contentOf(nats.storeDir),
    processes: await contentOfProcesses([process.pid, nats.pid, ...world.host.cellPids()]),
  };
  for (const place of ['feeds', 'definition', 'store of the server'] as const)
    assert.ok(texts[place].includes('what-is-not-secret-is-found'), place);
  const { seed } = loadNodeKeys(world.dataDir).secretKeyOf('quiet');
  for (const [place, text] of Object.entries(texts)) {
    assert.ok(text.length > 0, place);
    assert.ok(!text.includes(seed), `the seed in ${place}`);
    assert.ok(!text.includes(value), place);
    // Half of it would be half of the work for whoever guesses.
    assert.ok(!text.includes(value.slice(0, 16)), `${place}, in part`);
  }
});

async function contentOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map((file) => readFile(join(file.parentPath, file.name), 'latin1').catch(() => '')),
  );
  return texts.join('\n');
}

async function contentOfProcesses(pids: readonly (number | undefined)[]): Promise<string> {
  const known = pids.filter((pid) => pid !== undefined);
  assert.equal(known.length, pids.length);
  const paths = known.flatMap((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`]);
  return (await Promise.all(paths.map((path) => readFile(path, 'latin1')))).join('\n');
}

test('What is recorded of host calls has a star in the place of a secret', async () => {
  await world.client().setSecret('api-key', 'secret-in-a-name');
  await deploy({
    name: 'namer',
    code: handler('await env.STORE.put("t." + env.API_KEY + ".a", ""); await env.STORE.put("t.b", "");'),
    bindings: { ...BOUND, STORE: { kv: 'named', access: 'write' } },
  });
  assert.equal((await ask('namer')).outcome, 'ok');
  const names = (): readonly string[] =>
    recorded.filter((call) => call.function === 'namer' && call.op === 'put').map(({ name }) => name);
  await until('both are recorded', () => names().length >= 2);
  assert.deepEqual(names().toSorted(), ['t.*.a', 't.b']);
});
