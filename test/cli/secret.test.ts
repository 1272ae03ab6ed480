import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { handler, startTestHost } from '../support/host.ts';
import { type CliRun, runCli } from './support/cli.ts';
import { noTerminal, startInTerminal } from './support/terminal.ts';

const BIN = fileURLToPath(new URL('../../bin/hairspring.js', import.meta.url));
const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const folder = await mkdtemp(join(tmpdir(), 'hairspring-secret-'));
after(() => rm(folder, { recursive: true, force: true }));
const { nodeId } = world.host;

const run = (args: readonly string[], input = ''): Promise<CliRun> =>
  runCli(['--server', world.nats.url, ...args], { input });

/** What a function finds that is bound to the secret. */
async function boundTo(secret: string): Promise<string> {
  const name = `tell-${secret}`;
  await world.deploy({
    name,
    code: handler('return JSON.stringify(env.VALUE);'),
    bindings: { VALUE: { secret } },
  });
  return JSON.parse((await world.ask(name)).text);
}

test('A value comes from standard input, without the line break at its end', async () => {
  const { code, stdout, stderr } = await run(['secret', 'set', 'piped'], 'first line\nvalue-from-a-pipe\n');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /piped is set on 1 node: no function uses it yet/);
  assert.match(stderr, new RegExp(`Sealed to ${nodeId}`));
  assert.doesNotMatch(stdout + stderr, /value-from/);
  assert.equal(await boundTo('piped'), 'first line\nvalue-from-a-pipe');
});

test('A value comes from a file as it is', async () => {
  const file = join(folder, 'key.pem');
  await writeFile(file, 'value-from-a-file\n\n');
  const { code, stdout } = await run([
    'secret',
    'set',
    'filed',
    '--file',
    file,
    '--json',
    '--expires',
    '720h',
  ]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    name: 'filed',
    nodes: [{ nodeId, opened: true, functions: [], failures: [] }],
    namespace: 'default',
  });
  assert.equal(await boundTo('filed'), 'value-from-a-file\n\n');
});

test('A value on the command line is refused and not repeated', async () => {
  const { code, stdout, stderr } = await run(['secret', 'set', 'typed', 'value-as-an-argument']);
  assert.equal(code, 2);
  assert.doesNotMatch(stdout + stderr, /value-as-an-argument/);
});

test('What is no text, too long or empty is refused by its code and not repeated', async () => {
  const bytes = join(folder, 'bytes');
  await writeFile(bytes, Buffer.from([0xff, 0xfe, 0x80]));
  const long = join(folder, 'long');
  await writeFile(long, 'ä'.repeat(40_000));
  for (const file of [bytes, long, '/dev/null']) {
    const { code, stdout } = await run(['secret', 'set', 'refused', '--file', file, '--json']);
    assert.equal(code, 2, file);
    const { error } = JSON.parse(stdout);
    assert.equal(error.code, 'HS_SECRET_INVALID', file);
    assert.ok(error.message.length < 200, file);
  }
  const absent = await run(['secret', 'set', 'refused', '--file', join(folder, 'absent'), '--json']);
  assert.equal(JSON.parse(absent.stdout).error.code, 'HS_USAGE');
  assert.equal((await run(['secret', 'set', 'refused'], '\n')).code, 2);
});

test('Secrets are listed and deleted, per namespace', async () => {
  await run(['secret', 'set', 'one', '--namespace', 'lists'], 'value-of-one');
  const table = await run(['secret', 'list', '--namespace', 'lists']);
  assert.match(table.stdout, /NAME +SET +EXPIRES +USED BY +NODES\none +\d{4}-.*all/);
  const list = await run(['secret', 'list', '--json', '--namespace', 'lists']);
  assert.deepEqual(
    JSON.parse(list.stdout).map(({ name, nodes }: { name: string; nodes: string[] }) => [name, nodes]),
    [['one', [nodeId]]],
  );
  assert.match(
    (await run(['secret', 'delete', 'one', '--namespace', 'lists'])).stdout,
    /one is gone from 1 node/,
  );
  const again = await run(['secret', 'delete', 'one', '--namespace', 'lists', '--json']);
  assert.equal(again.code, 4);
  assert.equal(JSON.parse(again.stdout).error.code, 'HS_SECRET_MISSING');
  const none = await run(['secret', 'ls', '--namespace', 'lists']);
  assert.match(none.stdout, /No secrets in namespace "lists"/);
});

test('A deployment without its secret says which command sets it', async () => {
  await writeFile(join(folder, 'index.js'), handler('return env.KEY;'));
  await writeFile(
    join(folder, 'Nexfile'),
    'name: bound\ntype: javascript\nlifecycle: function\nstart_request:\n  main: index.js\n  bindings:\n    KEY: { secret: absent-key }\n',
  );
  const { code, stderr } = await run(['deploy', folder]);
  assert.equal(code, 4);
  assert.match(stderr, /HS_SECRET_MISSING/);
  assert.match(stderr, /hairspring secret set absent-key --namespace default/);
});

/** Answers the prompt of `secret set` in a terminal by typing this. */
async function answerPrompt(
  name: string,
  typed: string,
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const command = `${process.execPath} ${BIN} --server ${world.nats.url} secret set ${name}; echo "exit $?"`;
  const child = startInTerminal(command, ['pipe', 'pipe', 'inherit']);
  let shown = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const asked = shown.includes('not shown');
    shown += text;
    if (!asked && shown.includes('not shown')) child.stdin?.write(typed);
    if (shown.includes('exit ')) child.stdin?.end();
  });
  await once(child, 'close');
  return { code: Number(/exit (\d+)/.exec(shown)?.[1]), shown };
}

test('At a terminal the value is asked for and not shown', { skip: noTerminal }, async () => {
  const { code, shown } = await answerPrompt('prompted', 'value-fX\u007from-a-prompt\r');
  assert.equal(code, 0, shown);
  assert.match(shown, /Value of prompted/);
  assert.doesNotMatch(shown, /from-a-prompt/);
  assert.equal(await boundTo('prompted'), 'value-from-a-prompt');
});

test('A value of several lines at a prompt is refused, and none of it is shown or run', {
  skip: noTerminal,
}, async () => {
  const { code, shown } = await answerPrompt('pasted', '-----BEGIN-----\rsecond\rthird\r');
  assert.equal(code, 2, shown);
  assert.match(shown, /Cannot read the value: it has more than one line/);
  assert.doesNotMatch(shown, /second|BEGIN/);
  const list = await run(['secret', 'list', '--json']);
  assert.doesNotMatch(list.stdout, /"pasted"/);
});

test('Ctrl-C at the prompt ends with 130 and sets nothing', { skip: noTerminal }, async () => {
  const { code, shown } = await answerPrompt('broken-off', 'half\u0003');
  assert.equal(code, 130, shown);
  assert.match(shown, /nothing was set/);
});
