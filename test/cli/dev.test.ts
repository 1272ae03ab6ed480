import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  allGone,
  type CliProcess,
  type CliRun,
  descendantsOf,
  EXAMPLES,
  runCli,
  startCli,
} from './support/cli.ts';

/** One dev session for all tests of this file, which build on each other. */
let folder = '';
let dev: CliProcess;
let server = '';
let http = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-dev-'));
  await cp(join(EXAMPLES, 'hello'), join(folder, 'hello'), { recursive: true });
  dev = startCli(['dev', folder, '--port', '0']);
  const [, url = ''] = await dev.waitFor(/nats-server \S+ at (nats:\S+)/);
  server = url;
  await dev.waitFor(/hello deployed as [0-9a-f]{12} in /);
  const [, httpUrl = ''] = await dev.waitFor(/HTTP triggers at (http:\S+)/);
  http = httpUrl;
  await dev.waitFor(/hello +greet\.\{lang\}\.\{name\} +– +5s, cpu 50ms, 64MiB/);
  await dev.waitFor(/nats req greet\.en\.ada '' --server nats:/);
  await dev.waitFor(/^ready in /m);
});

after(async () => {
  await dev[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const SOURCE = 'hello/src/index.js';

const invoke = (name: string, subject: string): Promise<CliRun> =>
  runCli(['invoke', name, '--server', server, '--subject', subject]);

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, file), 'utf8');
  assert.ok(text.includes(from), `${file} has "${from}"`);
  await writeFile(join(folder, file), text.replace(from, to));
}

test('An invocation is one line with function, subject, status, cold or warm, and its time', async () => {
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hello, ada!\n');
  await dev.waitFor(/hello {2}greet\.en\.ada {2}ok {2}cold [\d.]+ ms \(first\) {2}[\d.]+ ms\n/);
  await invoke('hello', 'greet.fr.ada');
  await dev.waitFor(/hello {2}greet\.fr\.ada {2}ok {2}warm {2}[\d.]+ ms\n/);
});

test('A function with HTTP triggers is served at the address that was told, and its requests are lines', async () => {
  await cp(join(EXAMPLES, 'albums'), join(folder, 'albums'), { recursive: true });
  await dev.waitFor(/albums deployed as /);
  const url = `${http}/albums/kind-of-blue`;
  assert.equal((await fetch(url, { method: 'PUT', body: '{"by":"Miles Davis"}' })).status, 201);
  assert.equal(await (await fetch(`${url}?token=secret`)).text(), '{"by":"Miles Davis"}');
  await dev.waitFor(/albums {2}GET \/albums\/kind-of-blue {2}ok {2}warm/);
  assert.deepEqual(await (await fetch(`${http}/albums`)).json(), { albums: ['kind-of-blue'] });
  await rm(join(folder, 'albums'), { recursive: true });
  await dev.waitFor(/albums undeployed/);
  assert.equal((await fetch(url)).status, 404);
});

test('An edit is redeployed with one line, and the next call gets the new reply', async () => {
  await edit(SOURCE, "['en', 'Hello']", "['en', 'Good day']");
  await dev.waitFor(/hello redeployed as [0-9a-f]{12} in \d+ ms\n/);
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Good day, ada!\n');
});

test('An edit by an editor that puts a new file in the place of the old one is seen', async () => {
  const path = join(folder, SOURCE);
  await writeFile(`${path}.new`, (await readFile(path, 'utf8')).replace('Good day', 'Hi'));
  await rename(`${path}.new`, path);
  await dev.waitFor(/hello redeployed as /);
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hi, ada!\n');
});

test('A bad edit shows the position and keeps the running version; mending it redeploys', async () => {
  await edit(SOURCE, 'message(msg) {', 'message(msg {');
  await dev.waitFor(
    /error HS_SOURCE_INVALID: .*\n.*index\.js:11:\d+\n +11 \| {3}message\(msg \{\n +\| +\^\n/,
  );
  await dev.waitFor(/the version before keeps running/);
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hi, ada!\n');
  await edit(SOURCE, 'message(msg {', 'message(msg) {');
  await dev.waitFor(/hello redeployed as /);
});

test('An edit that the node refuses keeps the running version', async () => {
  await edit(SOURCE, 'export default handler', 'export default {}; export { handler }');
  await dev.waitFor(/error HS_HANDLER_MISSING: /);
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hi, ada!\n');
  await edit(SOURCE, 'export default {}; export { handler }', 'export default handler');
  await dev.waitFor(/hello redeployed as /);
});

test('A bad Nexfile shows the line; what a function throws shows as the status of the invocation', async () => {
  await edit('hello/Nexfile', 'triggers:', 'trigers:');
  await dev.waitFor(/error HS_NEXFILE_INVALID: .*"trigers"[\s\S]*hint: Did you mean "triggers"/);
  await edit('hello/Nexfile', 'trigers:', 'triggers:');
  await dev.waitFor(/hello redeployed as /);
  await runCli(['invoke', 'hello', 'no JSON', '--server', server, '--subject', 'greet.en.ada']);
  await dev.waitFor(/hello {2}greet\.en\.ada {2}HS_FUNCTION_THREW {2}/);
});

test('A redeploy that widens the grants needs no approval here, and shows how they differ', async () => {
  await edit('hello/Nexfile', '  triggers:', '  bindings: { BUS: { publish: [done.>] } }\n  triggers:');
  await dev.waitFor(/hello redeployed as .*\n {2}\+ BUS +added +messaging, publish done\.>\n/);
  await edit('hello/Nexfile', '  bindings: { BUS: { publish: [done.>] } }\n', '');
  await dev.waitFor(/hello redeployed as .*\n {2}- BUS +removed +messaging, publish done\.>\n/);
});

test('A new folder with a Nexfile is deployed, a log line is shown with its function, and a removed folder is undeployed', async () => {
  assert.equal((await runCli(['init', join(folder, 'second'), '--typescript'])).code, 0);
  await dev.waitFor(/second deployed as /);
  assert.equal((await invoke('second', 'second.eve')).stdout, 'Hello, eve!\n');
  await dev.waitFor(/second info +greeting eve\n/);
  await rm(join(folder, 'second'), { recursive: true });
  await dev.waitFor(/second undeployed: its Nexfile is gone/);
  const gone = await invoke('second', 'second.eve');
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /HS_FUNCTION_NOT_FOUND/);
});

test('A copied folder is refused while it has the name of the original, and neither its new name nor its end touches that', async () => {
  for (const copy of ['a-copy', 'z-copy']) {
    await cp(join(folder, 'hello'), join(folder, copy), { recursive: true });
    await dev.waitFor(
      /error HS_NEXFILE_INVALID: Cannot deploy "hello" twice: ".*hello\/Nexfile" and ".*-copy\/Nexfile" both have this name\n/,
    );
    await edit(`${copy}/Nexfile`, 'name: hello', `name: ${copy}`);
    await dev.waitFor(new RegExp(`${copy} deployed as `));
    assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hi, ada!\n');
    await edit(`${copy}/Nexfile`, `name: ${copy}`, 'name: hello');
    await dev.waitFor(/HS_NEXFILE_INVALID: .*\n.*\n.*the version before keeps running/);
    await rm(join(folder, copy), { recursive: true });
    await dev.waitFor(new RegExp(`${copy} undeployed`));
    assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hi, ada!\n');
  }
});

test('A copy that never had a name of its own leaves nothing behind, and may have the name once the original is gone', async () => {
  await cp(join(folder, 'hello'), join(folder, 'copy'), { recursive: true });
  await dev.waitFor(/error HS_NEXFILE_INVALID: Cannot deploy "hello" twice/);
  await rm(join(folder, 'copy'), { recursive: true });
  await cp(join(folder, 'hello'), join(folder, 'other'), { recursive: true });
  await dev.waitFor(/error HS_NEXFILE_INVALID: Cannot deploy "hello" twice/);
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hi, ada!\n');
  await edit('hello/Nexfile', 'name: hello', 'name: first');
  await dev.waitFor(/first redeployed as /);
  await dev.waitFor(/hello deployed as /);
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hi, ada!\n');
  await rm(join(folder, 'other'), { recursive: true });
  await dev.waitFor(/hello undeployed/);
  await edit('hello/Nexfile', 'name: first', 'name: hello');
  await dev.waitFor(/hello redeployed as /);
});

test('Functions that exchange their names all go on', async () => {
  await cp(join(EXAMPLES, 'hello'), join(folder, 'other'), { recursive: true });
  await dev.waitFor(/error HS_NEXFILE_INVALID: Cannot deploy "hello" twice/);
  await edit('other/Nexfile', 'name: hello', 'name: other');
  await dev.waitFor(/other deployed as /);
  await Promise.all([
    edit('other/Nexfile', 'name: other', 'name: hello'),
    edit('hello/Nexfile', 'name: hello', 'name: other'),
  ]);
  await dev.waitFor(/other redeployed as /);
  await dev.waitFor(/hello redeployed as /);
  assert.equal((await invoke('hello', 'greet.en.ada')).stdout, 'Hello, ada!\n');
  assert.equal((await invoke('other', 'greet.en.ada')).stdout, 'Hi, ada!\n');
  await rm(join(folder, 'other'), { recursive: true });
  await dev.waitFor(/hello undeployed/);
  await edit('hello/Nexfile', 'name: other', 'name: hello');
  await dev.waitFor(/hello redeployed as /);
});

test('A function that is renamed takes the place of the one with the old name', async () => {
  await edit('hello/Nexfile', 'name: hello', 'name: salute');
  await dev.waitFor(/salute redeployed as /);
  assert.equal((await invoke('salute', 'greet.en.ada')).stdout, 'Hi, ada!\n');
  assert.equal((await invoke('hello', 'greet.en.ada')).code, 1);
});

test('SIGTERM ends dev with 0 and leaves no process', async () => {
  const children = await descendantsOf(dev.pid);
  if (process.platform === 'linux') assert.ok(children.length >= 2, `${children.length} children`);
  dev.kill('SIGTERM');
  const { code, signal, stdout } = await dev.ended;
  assert.deepEqual([code, signal], [0, null], stdout);
  await allGone(children);
});

test('dev begins again with what its files say: what lost its Nexfile meanwhile is undeployed', async () => {
  await cp(join(EXAMPLES, 'hello'), join(folder, 'third'), { recursive: true });
  await rm(join(folder, 'hello'), { recursive: true });
  await using again = startCli(['dev', folder, '--port', '0', '--json']);
  await again.waitFor(/"event":"undeployed","name":"salute"/);
  await again.waitFor(/"event":"ready"/);
  again.kill('SIGINT');
  const { code, stdout } = await again.ended;
  assert.equal(code, 0);
  for (const line of stdout.trimEnd().split('\n')) assert.ok(typeof JSON.parse(line) === 'object', line);
});
