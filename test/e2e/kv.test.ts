import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Kvm } from '@nats-io/kv';
import { putArtifact } from '../../src/control/index.ts';
import { artifactUri, bundleFunction, parseNexfile, startRequestToWire } from '../../src/host/index.ts';
import { handler, startTestHost } from '../support/host.ts';
import { tally } from '../support/load.ts';

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;

test('The kv-counter example loses no count among 32 callers at once', async () => {
  const folder = fileURLToPath(new URL('../../examples/kv-counter', import.meta.url));
  const manifest = parseNexfile(readFileSync(`${folder}/Nexfile`, 'utf8'), `${folder}/Nexfile`);
  const { source } = manifest.start;
  assert.equal(source.kind, 'main');
  const bundle = await bundleFunction({ entry: source.kind === 'main' ? source.path : '', folder });
  await putArtifact(nc, bundle.digest, bundle.bytes);
  const limits = { ...manifest.start.limits, cpuMs: 1_000 };
  const start = startRequestToWire(
    { ...manifest.start, limits },
    { kind: 'uri', uri: artifactUri(bundle.digest) },
  );
  await world.client().deploy({
    name: manifest.name,
    description: manifest.description,
    workload_type: manifest.type,
    workload_lifecycle: manifest.lifecycle,
    tags: manifest.tags,
    run_request: JSON.stringify(start),
  });
  const answers = await Promise.all(Array.from({ length: 32 }, () => ask('count.front-page')));
  assert.deepEqual(tally(answers), { ok: 32 });
  const views = answers.map(({ text }) => JSON.parse(text).views).sort((a, b) => a - b);
  assert.deepEqual(
    views,
    Array.from({ length: 32 }, (_, index) => index + 1),
  );
  const entry = await (await new Kvm(nc).open('counters')).get('pages.front-page');
  assert.equal(entry?.string(), '32');
});

test('What a grant does not cover is denied to the function, which may catch it', async () => {
  const kvm = new Kvm(nc);
  await (await kvm.create('foreign')).put('k', 'untouched');
  await (await kvm.create('mine')).put('secret.k', 'untouched');
  await deploy({
    name: 'prober',
    code: handler(`
      const [label, op, ...args] = msg.json();
      const attempt = () => env[label][op](...args);
      if (msg.headers.has('catch')) {
        try { return { value: await attempt() }; } catch (error) {
          return { code: error.code, host: error instanceof HostError, retryable: error.retryable, message: error.message };
        }
      }
      return await attempt();`),
    triggers: ['prober'],
    bindings: {
      READ: { kv: 'mine', access: 'read', keys: 'public.>' },
      WRITE: { kv: 'mine', access: 'write', keys: 'public.>' },
    },
  });
  const { headers } = await import('@nats-io/transport-node');
  const catching = headers();
  catching.set('catch', '1');
  const denied = [
    ['READ', 'get', 'secret.k'],
    ['READ', 'put', 'public.k', 'v'],
    ['READ', 'create', 'public.k', 'v'],
    ['READ', 'update', 'public.k', 'v', 1],
    ['READ', 'delete', 'public.k'],
    ['READ', 'keys', 'secret.'],
    ['WRITE', 'get', 'public.k'],
    ['WRITE', 'keys'],
    ['WRITE', 'put', 'secret.k', 'v'],
    ['WRITE', 'delete', 'secret.k'],
  ];
  for (const call of denied) {
    const caught = JSON.parse((await ask('prober', JSON.stringify(call), { headers: catching })).text);
    const shown = call.join(' ');
    assert.deepEqual(
      [shown, caught.code, caught.host, caught.retryable],
      [shown, 'HS_BINDING_DENIED', true, false],
    );
    assert.match(caught.message, new RegExp(`binding ${call[0]} grants`), shown);
    const uncaught = await ask('prober', JSON.stringify(call));
    assert.deepEqual([shown, uncaught.outcome], [shown, 'HS_FUNCTION_THREW']);
    assert.match(uncaught.headers?.get('error') ?? '', /HostError: Cannot/, shown);
  }
  for (const key of [
    '..',
    '../foreign.k',
    '>',
    '*',
    'public.>',
    '',
    'public.\r\nPUB x 0',
    '$KV.foreign.k',
    'public. k',
  ]) {
    const call = JSON.stringify(['WRITE', 'put', key, 'v']);
    const caught = JSON.parse((await ask('prober', call, { headers: catching })).text);
    assert.match(caught.code, /^HS_(KV_KEY_INVALID|BINDING_DENIED)$/, key);
  }
  assert.equal((await (await kvm.open('foreign')).get('k'))?.string(), 'untouched');
  assert.equal((await (await kvm.open('mine')).get('secret.k'))?.string(), 'untouched');
  assert.equal((await (await kvm.open('mine')).get('public.k')) ?? null, null);
});

test('A bucket that vanishes under a function is a coded error', async () => {
  await deploy({
    name: 'orphan',
    code: handler('return String(await env.B.put("k", "v"));'),
    bindings: { B: { kv: 'vanishing', access: 'read-write' } },
  });
  assert.equal((await ask('orphan')).text, '1');
  const kvm = new Kvm(nc);
  await (await kvm.open('vanishing')).destroy();
  const answer = await ask('orphan');
  assert.notEqual(answer.outcome, 'ok');
  assert.notEqual(answer.outcome, 'silent');
  assert.match(answer.headers?.get('error') ?? '', /vanishing/);
});
