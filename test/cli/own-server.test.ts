import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ownerEndpoint } from '../../src/host/accounts/index.ts';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';
import { type CliProcess, EXAMPLES, runCli, startCli } from './support/cli.ts';

/** A user whose NATS CLI has a context selected, with credentials of another server. */
let folder = '';
let env: Readonly<Record<string, string>> = {};
let creds = '';
let up: CliProcess;
let server = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-own-'));
  const contexts = join(folder, '.config', 'nats', 'context');
  await mkdir(contexts, { recursive: true });
  creds = join(folder, 'work.creds');
  await writeFile(creds, ownerEndpoint(createSigningKey('account'), { servers: [] }, 'work').creds);
  await writeFile(join(contexts, 'work.json'), JSON.stringify({ url: 'nats://127.0.0.1:9', creds }));
  await writeFile(join(contexts, '..', 'context.txt'), 'work');
  env = { HOME: folder, HAIRSPRING_DATA: join(folder, 'data') };
  up = startCli(['up', '--port', '0'], { env });
  const [, advised = ''] = await up.waitFor(/^ready in .*with --server (nats:\S+)$/m);
  server = advised;
});

after(async () => {
  await up?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

test('Commands reach the server of this user as advised, whatever context is selected', async () => {
  for (const args of [['list'], ['list', '--namespace', 'other'], ['doctor']]) {
    const { code, stderr, stdout } = await runCli([...args, '--server', server], { env });
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  }
});

test('Credentials that are named are used all the same, and a refusal says where they are from', async () => {
  for (const [more, from] of [
    [{ args: ['--creds', creds] }, 'the command line'],
    [{ args: [], variables: { NATS_CREDS: creds } }, 'the environment'],
    [{ args: ['--context', 'work'] }, join(folder, '.config', 'nats', 'context', 'work.json')],
  ] as const) {
    const variables = 'variables' in more ? more.variables : {};
    const run = await runCli(['list', '--server', server, ...more.args], { env: { ...env, ...variables } });
    assert.equal(run.code, 3, run.stderr);
    assert.match(run.stderr, /HS_NATS_REFUSED/);
    assert.ok(run.stderr.includes(`refused the credentials from ${from}`), run.stderr);
  }
});

test('dev prints lines to try that work beside a selected context, in a namespace and for the NATS CLI', async () => {
  const data = join(folder, 'dev');
  const args = ['dev', join(EXAMPLES, 'hello'), '--port', '0', '--data', data, '--namespace', 'staging'];
  await using dev = startCli(args, { env });
  const [, nats = ''] = await dev.waitFor(/^ +nats req \S+ .* --creds '(.*staging\.creds)'$/m);
  assert.ok(nats.startsWith(join(folder, 'data', 'servers')), nats);
  const [, invoke = ''] = await dev.waitFor(/^ +hairspring (invoke hello .*)$/m);
  await dev.waitFor(/^ready in /m);
  const words = invoke.match(/'[^']*'|\S+/g)?.map((word) => word.replace(/^'(.*)'$/, '$1')) ?? [];
  const run = await runCli(words, { env });
  assert.equal(run.code, 0, `${invoke}: ${run.stderr}`);
});

test('up tells which variable keeps commands from its server', async () => {
  const data = join(folder, 'second');
  const variables = { ...env, NATS_CREDS: creds };
  await using second = startCli(['up', '--port', '0', '--data', data], { env: variables });
  await second.waitFor(/^ready in .*without NATS_CREDS, whose credentials this server does not know/m);
});
