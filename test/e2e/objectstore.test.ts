import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { countChunks, countObjectConsumers, createStore } from '../support/objects.ts';

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;

const MIB = 1024 ** 2;

/** 200 MiB of which no two chunks are the same. */
function largeObject(): { readonly stream: ReadableStream<Uint8Array>; readonly digest: () => string } {
  const hash = createHash('sha256');
  let pieces = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = randomBytes(MIB);
      hash.update(piece);
      controller.enqueue(piece);
      pieces += 1;
      if (pieces === 200) controller.close();
    },
  });
  return { stream, digest: () => `SHA-256=${hash.digest('base64url')}=` };
}

test('An object of 200 MiB passes through a function with 64 MiB of memory', {
  timeout: 180_000,
}, async () => {
  const from = await createStore(nc, 'from');
  const { stream, digest } = largeObject();
  await from.put({ name: 'large' }, stream);
  await deploy({
    name: 'copier',
    code: handler(`
      const object = await env.FROM.get('large');
      const { size, digest } = await env.TO.put('copy', object.body, { metadata: { of: object.info.name } });
      return { size, digest };`),
    limits: { memory: '64MiB', timeout: '120s' },
    bindings: {
      FROM: { objectstore: 'from' },
      TO: { objectstore: 'to', access: 'write', description: 'copies', maxBytes: '1GiB' },
    },
  });
  const answer = await ask('copier', '', { timeoutMs: 120_000 });
  assert.deepEqual([answer.outcome, JSON.parse(answer.text)], ['ok', { size: 200 * MIB, digest: digest() }]);
  const to = await createStore(nc, 'to');
  const copy = await to.info('copy');
  assert.deepEqual([copy?.size, copy?.metadata], [200 * MIB, { of: 'large' }]);
  assert.equal((await to.status()).description, 'copies');
  for (const bucket of ['from', 'to']) assert.equal(await countObjectConsumers(nc, bucket), 0, bucket);
});

test('What a grant does not cover is denied to the function, and a put that fails leaves nothing', async () => {
  await deploy({
    name: 'prober',
    code: handler(`
      const told = {};
      const calls = {
        put: () => env.FROM.put('x', 'y'), delete: () => env.FROM.delete('large'), link: () => env.FROM.link('l', 'large'),
        get: () => env.TO.get('copy'), list: () => env.TO.list(), watch: () => env.TO.watch().next(),
      };
      for (const [name, call] of Object.entries(calls)) told[name] = await call().then(() => 'ok', ({ code }) => code);
      async function* failing() { yield new Uint8Array(500_000); throw new Error('mine'); }
      told.failing = await env.TO.put('never', failing()).catch(({ message }) => message);
      return told;`),
    bindings: {
      FROM: { objectstore: 'from' },
      TO: { objectstore: 'to', access: 'write' },
    },
  });
  const before = await countChunks(nc, 'to');
  const denied = 'HS_BINDING_DENIED';
  assert.deepEqual(JSON.parse((await ask('prober')).text), {
    ...{ put: denied, delete: denied, link: denied, get: denied, list: denied, watch: denied },
    failing: 'mine',
  });
  assert.equal(await countChunks(nc, 'to'), before);
});

test('A watch ends with the deadline of its invocation', async () => {
  await deploy({
    name: 'watcher',
    code: handler('for await (const { name } of env.FROM.watch()) console.log(name);'),
    limits: { timeout: '500ms' },
    bindings: { FROM: { objectstore: 'from' } },
  });
  assert.equal((await ask('watcher')).outcome, 'HS_FUNCTION_TIMEOUT');
  await until('it has no consumer left', async () => (await countObjectConsumers(nc, 'from')) === 0);
});
