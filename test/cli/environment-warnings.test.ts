import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';
import { handler, startTestHost } from '../support/host.ts';
import { runCli } from './support/cli.ts';

const folder = await mkdtemp(join(tmpdir(), 'hairspring-warnings-'));
after(() => rm(folder, { recursive: true }));

const EXPOSED = {
  STRIPE_TOKEN: 'value-1',
  apiKey_PRIVATE: 'value-2',
  KEY: 'value-3',
  SOME_PEM: '-----BEGIN PRIVATE KEY-----',
  WHERE: createSigningKey('user').seed,
  MODEL: 'sk-value-4',
  REPO: 'ghp_value5',
};
const PLAIN = {
  LOG_LEVEL: 'info',
  MONKEY: 'banana',
  TOKENS_AT_ONCE: '3',
  EMPTY_KEY: '',
  SKI: 'skis-and-boots',
};

test('deploy warns of what looks like a secret in the environment, by its name alone', async () => {
  const lines = Object.entries({ ...EXPOSED, ...PLAIN }).map(([name, value]) => `    ${name}: "${value}"`);
  const start = ['start_request:', '  main: index.js', '  environment:', ...lines];
  await writeFile(
    join(folder, 'Nexfile'),
    ['name: exposed', 'type: javascript', 'lifecycle: function', ...start, ''].join('\n'),
  );
  await writeFile(join(folder, 'index.js'), handler('return "ok";'));
  await using world = await startTestHost();
  const env = { NATS_URL: world.nats.url };
  const { code, stderr, stdout } = await runCli(['deploy', folder], { env });
  assert.equal(code, 0, stderr);
  const warned = [...stdout.matchAll(/warning: (\w+) looks like a secret.*hairspring secret set/g)];
  assert.deepEqual(warned.map(([, name]) => name).toSorted(), Object.keys(EXPOSED).toSorted());
  for (const value of Object.values(EXPOSED)) assert.ok(!`${stderr}${stdout}`.includes(value), value);
  const plan = await runCli(['deploy', folder, '--dry-run', '--json']);
  assert.equal(JSON.parse(plan.stdout).functions[0].warnings.length, Object.keys(EXPOSED).length);
});
