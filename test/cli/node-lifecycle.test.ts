import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { startTestNats, type TestNats } from '../support/nats.ts';
import {
  allGone,
  type CliOptions,
  type CliProcess,
  type CliRun,
  descendantsOf,
  EXAMPLES,
  runCli,
  startCli,
} from './support/cli.ts';

/** One node with a nats-server of its own for all tests of this file, which build on each other. */
let folder = '';
let up: CliProcess;
let server = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-cli-'));
  up = startCli(['up', '--port', '0', '--data', join(folder, 'data'), '--name', 'cli-test']);
  const [, url = ''] = await up.waitFor(/nats-server \S+ at (nats:\S+)/);
  server = url;
  await up.waitFor(/^ready in /m);
});

after(async () => {
  await up[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const cli = (args: readonly string[], options: CliOptions = {}): Promise<CliRun> =>
  runCli(args, { ...options, env: { NATS_URL: server, ...options.env } });

async function json(args: readonly string[], options: CliOptions = {}): Promise<unknown> {
  const { stdout, stderr, code } = await cli([...args, '--json'], options);
  assert.equal(stderr, '', args.join(' '));
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}`);
  return JSON.parse(stdout);
}

test('deploy --dry-run bundles and deploys nothing', async () => {
  const plan = (await json(['deploy', '--dry-run', EXAMPLES])) as {
    readonly functions: readonly { readonly name: string }[];
  };
  assert.deepEqual(
    plan.functions.map(({ name }) => name),
    [
      'albums',
      'hello',
      'kv-counter',
      'wasm-counter',
      'wasm-greet',
      'wasm-mean',
      'wasm-notes',
      'wasm-page',
      'wasm-slug',
      'upper',
      'wasm-visits',
      'wildcards',
    ],
  );
  assert.deepEqual(await json(['list']), []);
});

test('deploy prints name, version, id and triggers, and gives an unchanged function the same of them', async () => {
  const first = await cli(['deploy', join(EXAMPLES, 'hello')]);
  assert.equal(first.code, 0, first.stderr);
  const shown = /✓ hello ([0-9a-f]{12}) {2}id (\w+), [\d.]+ m?s\n {4}greet\.\{lang\}\.\{name\}\n/.exec(
    first.stdout,
  );
  assert.ok(shown !== null, first.stdout);
  const again = (await json(['deploy', join(EXAMPLES, 'hello')])) as {
    readonly deployed: readonly object[];
    readonly failed: readonly object[];
  };
  assert.deepEqual(again.failed, []);
  assert.partialDeepStrictEqual(again.deployed, [
    { name: 'hello', version: shown[1], id: shown[2], unchanged: true },
  ]);
  const third = await cli(['deploy', join(EXAMPLES, 'hello')]);
  assert.match(third.stdout, new RegExp(`id ${shown[2]}, unchanged, `));
});

test('A deployed function answers any NATS client', async () => {
  const nc = await connect({ servers: server });
  try {
    const reply = await nc.request('greet.en.ada', '', { timeout: 5_000 });
    assert.equal(reply.string(), 'Hello, ada!');
  } finally {
    await nc.close();
  }
});

test('invoke prints the reply, from an argument or standard input, with the subject given or made up', async () => {
  const named = await cli(['invoke', 'hello', '--subject', 'greet.fr.bob']);
  assert.deepEqual([named.stdout, named.stderr, named.code], ['Bonjour, bob!\n', '', 0]);
  const made = await cli(['invoke', 'hello', '{"name":"Ada"}']);
  assert.deepEqual([made.stdout, made.code], ['Hello, Ada!\n', 0]);
  assert.match(made.stderr, /greet\.en\.ada is used/);
  const piped = await cli(['invoke', 'hello', '-', '--subject', 'greet.de.x', '--raw'], {
    input: '{"name":"Zoë"}',
  });
  assert.deepEqual([piped.stdout, piped.code], ['Hallo, Zoë!', 0]);
});

test('invoke --json has body and headers; --verbose shows the headers on standard error', async () => {
  const reply = (await json(['invoke', 'hello', '--subject', 'greet.fr.ada'])) as object;
  assert.partialDeepStrictEqual(reply, {
    ok: true,
    text: 'Bonjour, ada!',
    headers: { 'Content-Language': 'fr' },
  });
  const verbose = await cli(['invoke', 'hello', '-v', '--subject', 'greet.fr.ada']);
  assert.equal(verbose.stdout, 'Bonjour, ada!\n');
  assert.match(verbose.stderr, /^Content-Language: fr$/m);
});

test('An error of the function is printed with its code and ends invoke with 1', async () => {
  const run = await cli(['invoke', 'hello', 'no JSON', '--subject', 'greet.en.ada']);
  assert.equal(run.code, 1);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /^error HS_FUNCTION_THREW: .+\n(?:.*\n)*hint: /m);
  assert.match(run.stderr, /`hairspring logs hello`/);
  const inJson = await cli(['invoke', 'hello', 'no JSON', '--subject', 'greet.en.ada', '--json']);
  assert.equal(inJson.code, 1);
  assert.partialDeepStrictEqual(JSON.parse(inJson.stdout), {
    ok: false,
    error: { code: 'HS_FUNCTION_THREW' },
  });
});

test('A function that takes longer than --timeout is told to have timed out, and not that NATS is away', async () => {
  const source = join(folder, 'slow');
  assert.equal((await cli(['init', source])).code, 0);
  const code = 'export default { message: () => new Promise((resolve) => setTimeout(resolve, 3_000)) }';
  await writeFile(join(source, 'src', 'index.js'), code);
  assert.equal((await cli(['deploy', source])).code, 0);
  const run = await cli(['invoke', 'slow', '--timeout', '1s']);
  assert.match(run.stderr, /^error HS_FUNCTION_TIMEOUT: /m);
  assert.equal(run.code, 1);
  assert.equal((await cli(['undeploy', 'slow'])).code, 0);
});

test('invoke of a function that answers HTTP requests only says so, with its routes', async () => {
  assert.equal((await cli(['deploy', join(EXAMPLES, 'albums')])).code, 0);
  const run = await cli(['invoke', 'albums']);
  assert.match(run.stderr, /^error HS_INVOKE_SUBJECT: .*HTTP requests only \(.*\/albums/m);
  assert.match(run.stderr, /up --http/);
  assert.equal((await cli(['undeploy', 'albums'])).code, 0);
});

test('deploy prints what the bundler warns of, as --dry-run does', async () => {
  const source = join(folder, 'twice');
  assert.equal((await cli(['init', source])).code, 0);
  const code = "export default { message: () => 'one', message: () => 'two' };";
  await writeFile(join(source, 'src', 'index.js'), code);
  for (const args of [['--dry-run'], []]) {
    const run = await cli(['deploy', source, ...args]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^ {2}warning: .*[Dd]uplicate key "message"/m);
  }
  // Nobody has called it.
  assert.match((await cli(['list'])).stdout, /^twice +idle /m);
  assert.match((await cli(['info', 'twice'])).stdout, /\bidle\b/);
  assert.equal((await cli(['undeploy', 'twice'])).code, 0);
});

test('list, info and nodes show what runs', async () => {
  const [list, info, listJson, infoJson, nodes] = await Promise.all([
    cli(['list']),
    cli(['info', 'hello']),
    json(['ls']),
    json(['info', 'hello']),
    json(['nodes']),
  ]);
  assert.match(list.stdout, /^NAME .*\nhello /);
  assert.partialDeepStrictEqual(listJson, [
    { name: 'hello', namespace: 'default', workload_lifecycle: 'function' },
  ]);
  assert.match(info.stdout, /triggers\n {2}greet\.\{lang\}\.\{name\}\n/);
  assert.match(info.stdout, /limits\n {2}timeout 5s, cpu 50ms, memory 64MiB\n/);
  assert.partialDeepStrictEqual(infoJson, { definition: { name: 'hello' }, stats: { errors: 2 } });
  assert.partialDeepStrictEqual(nodes, [{ state: 'running', tags: { 'nex.node': 'cli-test' } }]);
});

test('A namespace sees its own functions only', async () => {
  const [byOption, byVariable, info] = await Promise.all([
    json(['list', '--namespace', 'other']),
    json(['list'], { env: { HAIRSPRING_NAMESPACE: 'other' } }),
    cli(['--namespace', 'other', 'info', 'hello']),
  ]);
  assert.deepEqual(byOption, []);
  assert.deepEqual(byVariable, []);
  assert.equal(info.code, 1);
  assert.match(info.stderr, /^error HS_FUNCTION_NOT_FOUND: /);
});

test('A payload larger than the server lets through is refused with its size and the limit', async () => {
  const run = await cli(['invoke', 'hello', '-', '--subject', 'greet.en.ada'], {
    input: 'x'.repeat(2_000_000),
  });
  assert.equal(run.code, 1);
  assert.match(
    run.stderr,
    /^error HS_MESSAGE_TOO_LARGE: Cannot invoke "hello" with 2000000 bytes: .* max_payload of 1MiB$/m,
  );
});

test('logs follows the lines of a function with its name until --for has passed', async () => {
  const source = join(folder, 'chatty');
  assert.equal((await cli(['init', source, '--typescript'])).code, 0);
  assert.equal((await cli(['deploy', source])).code, 0);
  await using logs = startCli(['logs', 'chatty', '-f'], { env: { NATS_URL: server } });
  await logs.waitFor(/Following chatty/);
  assert.equal((await cli(['invoke', 'chatty'])).stdout, 'Hello, ada!\n');
  await logs.waitFor(/^chatty info +greeting ada$/m);
  logs.kill('SIGINT');
  assert.equal((await logs.ended).code, 130);
  assert.equal((await cli(['logs', '--for', '50ms', '--json'])).code, 0);
  await using long = startCli(['logs', '--for', '10m'], { env: { NATS_URL: server } });
  await long.waitFor(/Following all functions/);
  long.kill('SIGTERM');
  assert.equal((await long.ended).code, 130);
});

test('What a function logs cannot command the terminal', async () => {
  const file = join(folder, 'chatty/src/index.ts');
  await writeFile(file, (await readFile(file, 'utf8')).replace("'greeting'", "'\\u001b[2Jcleared'"));
  assert.equal((await cli(['deploy', join(folder, 'chatty')])).code, 0);
  await using logs = startCli(['logs', 'chatty'], { env: { NATS_URL: server } });
  await logs.waitFor(/Following chatty/);
  await cli(['invoke', 'chatty']);
  await logs.waitFor(/\\x1b\[2Jcleared ada/);
});

test('doctor passes against a running node, whose server has accounts', async () => {
  const env = { HAIRSPRING_DATA: join(folder, 'data') };
  const { ok, checks } = (await json(['doctor'], { env })) as {
    readonly ok: boolean;
    readonly checks: readonly { readonly name: string; readonly status: string }[];
  };
  const statusOf = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  assert.equal(ok, true);
  assert.partialDeepStrictEqual(statusOf, {
    Node: 'pass',
    isolates: 'pass',
    JetStream: 'pass',
    nodes: 'pass',
    accounts: 'pass',
  });
});

test('doctor warns of a server that has no accounts', async () => {
  await using plain = await startTestNats();
  const env = { HAIRSPRING_DATA: join(folder, 'data') };
  const { stdout } = await cli(['doctor', '--server', plain.url, '--json'], { env });
  const { checks } = JSON.parse(stdout) as {
    readonly checks: readonly { readonly name: string; readonly status: string }[];
  };
  assert.equal(checks.find(({ name }) => name === 'accounts')?.status, 'warn');
});

test('Another namespace of a server that this user has started is there when it is first named', async () => {
  const deployed = await cli(['deploy', join(EXAMPLES, 'hello'), '--namespace', 'team-b']);
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.equal(
    (await cli(['invoke', 'hello', '--namespace', 'team-b', '--subject', 'greet.en.bob'])).stdout,
    'Hello, bob!\n',
  );
  const nc = await connect({ servers: server });
  try {
    // Without credentials one is in the namespace "default" and hears nothing of the others.
    await assert.rejects(
      nc.request('$NEX.SVC.team-b.control.WPING', '', { timeout: 2_000 }),
      /no responders/,
    );
  } finally {
    await nc.close();
  }
  await cli(['undeploy', 'hello', '--namespace', 'team-b']);
});

test('undeploy removes what it can, tells of the rest, and ends with 1', async () => {
  const run = await cli(['undeploy', 'chatty', 'nobody']);
  assert.equal(run.code, 1);
  assert.match(run.stdout, /chatty is gone/);
  assert.match(run.stderr, /^error HS_FUNCTION_NOT_FOUND: No function "nobody"/);
  const gone = await cli(['invoke', 'chatty']);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /HS_FUNCTION_NOT_FOUND/);
});

test('A second node on the same data folder is refused with 5', async () => {
  const run = await runCli(['up', '--port', '0', '--data', join(folder, 'data')]);
  assert.equal(run.code, 5);
  assert.match(run.stderr, /^error HS_DATA_DIR: .*process \d+ uses it$/m);
});

test('SIGTERM lets up finish, ends it with 0 and leaves no process; the next up restores what was deployed', async () => {
  const children = await descendantsOf(up.pid);
  if (process.platform === 'linux') assert.ok(children.length >= 2, `${children.length} children`);
  up.kill('SIGTERM');
  const ended = await up.ended;
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  assert.match(ended.stdout, /draining.*\n(?:.*\n)*stopped\n$/);
  await allGone(children);
  await using again = startCli(['up', '--json', '--port', '0', '--data', join(folder, 'data')]);
  await again.waitFor(/"event":"node".*"restored":1/);
  const [, url = ''] = await again.waitFor(/"event":"ready".*"server":"([^"]+)"/);
  const run = await runCli(['invoke', 'hello', '--server', url, '--subject', 'greet.en.eve']);
  assert.equal(run.stdout, 'Hello, eve!\n');
  again.kill('SIGTERM');
  const { stdout, code } = await again.ended;
  assert.equal(code, 0);
  for (const line of stdout.trimEnd().split('\n')) assert.ok('event' in JSON.parse(line), line);
});

test('up --server joins a NATS, lame duck ends it with 0, and the server stays', async () => {
  await using nats: TestNats = await startTestNats();
  await using node = startCli([
    'up',
    '--server',
    nats.url,
    '--data',
    join(folder, 'joined'),
    '--name',
    'guest',
  ]);
  await node.waitFor(/^ready in /m);
  const run = await runCli(['lameduck', 'guest', '--delay', '100ms', '--server', nats.url, '--json']);
  assert.equal(run.code, 0, run.stdout);
  assert.partialDeepStrictEqual(JSON.parse(run.stdout), { delayMs: 100 });
  const { code, stdout } = await node.ended;
  assert.equal(code, 0, stdout);
  const nodes = await runCli(['nodes', '--server', nats.url]);
  assert.equal(nodes.code, 3);
  assert.match(nodes.stderr, /^error HS_NO_NODE: /);
});

test('up whose connection to NATS ends for good tells why, and ends with the code of that', async () => {
  await using nats = await startTestNats();
  const preload = fileURLToPath(new URL('./support/end-connection.js', import.meta.url));
  await using joined = startCli(['up', '--server', nats.url, '--data', join(folder, 'ended')], {
    env: { NODE_OPTIONS: `--import=${preload}` },
  });
  await joined.waitFor(/^ready in /m);
  joined.kill('SIGUSR2');
  const { code, stderr } = await joined.ended;
  assert.match(stderr, /^error HS_NATS_UNREACHABLE: Cannot go on without the connection to NATS.*\nhint: /m);
  assert.equal(code, 3);
});

test('Whoever has started a server may end its node by lame duck; its server goes with it, and its credentials', async () => {
  const data = join(folder, 'own');
  const env = { HAIRSPRING_DATA: join(folder, 'own-user') };
  await using node = startCli(['up', '--port', '0', '--data', data, '--name', 'own'], { env });
  const [, url = ''] = await node.waitFor(/nats-server \S+ at (nats:\S+)/);
  await node.waitFor(/^ready in /m);
  const left = join(folder, 'own-user', 'servers', `127.0.0.1-${new URL(url).port}`);
  assert.deepEqual(await readdir(left), ['node.pid', 'system.creds']);
  // Without them one is in a namespace, and may not.
  const elsewhere = { env: { HAIRSPRING_DATA: join(folder, 'nobody') } };
  assert.equal((await runCli(['lameduck', 'own', '--server', url], elsewhere)).code, 3);
  const run = await runCli(['lameduck', 'own', '--delay', '100ms', '--server', url], { env });
  assert.equal(run.code, 0, run.stderr);
  assert.equal((await node.ended).code, 0);
  await assert.rejects(readdir(left), { code: 'ENOENT' });
});

test('A port that is taken is refused with 5 and named', async () => {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  try {
    const run = await runCli(['up', '--port', String(port), '--data', join(folder, 'taken')]);
    assert.equal(run.code, 5);
    assert.match(run.stderr, new RegExp(`^error HS_PORT_TAKEN: .*${port}`, 'm'));
    for (const command of ['up', 'dev'] as const) {
      const path = command === 'dev' ? [join(EXAMPLES, 'hello')] : [];
      const args = ['--json', '--port', String(port), '--data', join(folder, 'taken')];
      const { stdout } = await runCli([command, ...path, ...args]);
      const lines: unknown[] = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.partialDeepStrictEqual(lines.at(-1), { error: { code: 'HS_PORT_TAKEN' } });
    }
  } finally {
    listener.close();
  }
});

test('A --nats-server that is not there is said to be that', async () => {
  const nowhere = join(folder, 'nowhere');
  const run = await runCli(['up', '--port', '0', '--data', join(folder, 'd'), '--nats-server', nowhere]);
  assert.equal(run.code, 5);
  assert.match(run.stderr, /^error HS_NATS_SERVER_MISSING: .*there is no such program$/m);
});

test('A data folder that cannot be made is refused with 5', async () => {
  await writeFile(join(folder, 'file'), '');
  for (const data of [join(folder, 'file'), join(folder, 'file', 'data')]) {
    const run = await runCli(['up', '--port', '0', '--data', data]);
    assert.equal(run.code, 5);
    assert.match(run.stderr, /^error HS_DATA_DIR: Cannot write .*: a file is in its place$/m);
  }
});
