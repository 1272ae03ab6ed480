import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sampleOf, sampleRequest } from '../../src/cli/deploy/sample.ts';
import type { Trigger } from '../../src/core/index.ts';
import { parseNexfile } from '../../src/host/index.ts';

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-sample-'));
});

after(() => rm(folder, { recursive: true, force: true }));

const TRIGGERS: readonly Trigger[] = parseNexfile(
  `name: api
type: javascript
lifecycle: function
start_request:
  main: index.js
  triggers:
    - subject: api.{name}
    - http: { route: /albums/:album, methods: [GET, PUT] }
`,
  'Nexfile',
).start.triggers;

async function nexfileBeside(samples: unknown): Promise<string> {
  await writeFile(join(folder, 'samples.json'), JSON.stringify(samples));
  return join(folder, 'Nexfile');
}

test('Messages and requests are found in one samples.json, and what is neither is passed over', async () => {
  const file = await nexfileBeside([
    { method: 'PUT', path: '/other', payload: 'not its route' },
    { method: 'PUT', path: '/albums/kind-of-blue?by=davis', payload: '{}' },
    { subject: 'elsewhere.ada' },
    { subject: 'api.eve', payload: 'hi', expect: 'hello' },
    7,
  ]);
  assert.deepEqual(await sampleOf(file, TRIGGERS), { subject: 'api.eve', payload: 'hi' });
  assert.deepEqual(await sampleRequest('http://host', file, TRIGGERS), {
    method: 'PUT',
    url: 'http://host/albums/kind-of-blue?by=davis',
    payload: '{}',
  });
});

test('Where no sample fits one is made up', async () => {
  for (const samples of [[], { subject: 'api.eve' }, [{ method: 'DELETE', path: '/albums/a' }]]) {
    const file = await nexfileBeside(samples);
    assert.deepEqual(await sampleOf(file, TRIGGERS), { subject: 'api.ada', payload: '' });
    assert.deepEqual(await sampleRequest('http://host', file, TRIGGERS), {
      method: 'GET',
      url: 'http://host/albums/album',
      payload: '',
    });
  }
});
