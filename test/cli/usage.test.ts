import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startTestNats, type TestNats } from '../support/nats.ts';
import { ESCAPE, runCli } from './support/cli.ts';
import { noTerminal, startInTerminal } from './support/terminal.ts';

/** Nothing listens there: it is the discard port. */
const NOWHERE = 'nats://127.0.0.1:9';

let folder = '';
let nats: TestNats;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-usage-'));
  nats = await startTestNats();
});

after(async () => {
  await nats[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A folder with a Nexfile and perhaps a source. */
async function project(name: string, nexfile: string, source?: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, 'src'), { recursive: true });
  await writeFile(join(path, 'Nexfile'), nexfile);
  if (source !== undefined) await writeFile(join(path, 'src/index.js'), source);
  return path;
}

const NEXFILE = 'name: one\ntype: javascript\nlifecycle: function\nstart_request:\n  main: src/index.js\n';

test('--version prints the versions of hairspring, Node and V8, as JSON if asked', async () => {
  const [plain, json] = await Promise.all([runCli(['--version']), runCli(['--version', '--json'])]);
  assert.match(plain.stdout, /^hairspring \d+\.\d+\.\d+ \(Node v26\.\S+, V8 \S+\)\n$/);
  assert.deepEqual(Object.keys(JSON.parse(json.stdout)), ['hairspring', 'node', 'v8']);
});

test('An unknown command, an unknown option and a missing argument end with 2 and name what is meant', async () => {
  const [command, option, argument, none] = await Promise.all([
    runCli(['lost']),
    runCli(['list', '--sever', 'x']),
    runCli(['info']),
    runCli([]),
  ]);
  assert.deepEqual([command.code, option.code, argument.code, none.code], [2, 2, 2, 2]);
  assert.equal(command.stderr, 'error HS_USAGE: Unknown command "lost"\nhint: Did you mean list?\n');
  assert.match(option.stderr, /^error HS_USAGE: Unknown option "--sever"\nhint: Did you mean --server\?\n$/);
  assert.equal(
    argument.stderr,
    'error HS_USAGE: Missing required argument "name"\nhint: See `hairspring info --help`\n',
  );
  assert.match(none.stderr, /^Usage: hairspring /);
  assert.equal(none.stdout, '');
});

test('Without a command, --json gives one document that says so, and nothing on stderr', async () => {
  for (const { code, stdout, stderr } of await Promise.all([
    runCli(['--json']),
    runCli(['secret', '--json']),
  ])) {
    assert.deepEqual([code, stderr], [2, '']);
    assert.equal(JSON.parse(stdout).error.message, 'Cannot run without a command');
  }
});

test('A secret that is to expire later than a time can be written is refused, and the limit is named', async () => {
  const args = ['secret', 'set', 'late', '--server', nats.url, '--expires'];
  const runs = await Promise.all(['9999999999h', '876001h'].map((time) => runCli([...args, time])));
  for (const { code, stderr } of runs) {
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^error HS_USAGE: Cannot use --expires \d+h: the longest is 876000h\nhint: /);
  }
});

test('Colours go to the stream that is a terminal, and not to the other one', {
  skip: noTerminal,
}, async () => {
  const file = join(folder, 'errors');
  const bin = fileURLToPath(new URL('../../bin/hairspring.js', import.meta.url));
  const command = `unset NO_COLOR FORCE_COLOR; ${process.execPath} ${bin} lost`;
  for (const [redirect, isColoured] of [
    [`2>${file}`, false],
    [`2>&1 >${file}.out | cat >${file}; ${command} >/dev/null`, true],
  ] as const) {
    const child = startInTerminal(`${command} ${redirect}`, ['ignore', 'pipe', 'inherit']);
    let shown = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    await once(child, 'close');
    assert.doesNotMatch(await readFile(file, 'utf8'), ESCAPE);
    assert.equal(ESCAPE.test(shown), isColoured, shown);
  }
});

test('A duration, a port and a header that cannot be read end with 2 and say how they are written', async () => {
  const [duration, port, header] = await Promise.all([
    runCli(['list', '--timeout', 'soon']),
    runCli(['up', '--port', '70000']),
    runCli(['invoke', 'x', '--header', 'nothing']),
  ]);
  assert.deepEqual([duration.code, port.code, header.code], [2, 2, 2]);
  assert.match(duration.stderr, /"soon"[\s\S]*250ms/);
  assert.match(port.stderr, /70000[\s\S]*65535/);
  assert.match(header.stderr, /name:value/);
});

test('What commander refuses is told calmly: what it was, and what the option, the argument or the command takes', async () => {
  for (const [args, message, hint] of [
    [['up', '--port', '99999'], 'Cannot use "99999" for --port', /^A port is a number from 0 to 65535; /],
    [['logs', '--level', 'loud'], 'Cannot use "loud" for --level', /debug, info, warn, error$/],
    [['bindings', 'guess'], 'Cannot use "guess" as the action', /suggest$/],
    [['list', 'all'], 'Cannot take "all": it is an argument too many', /^See `hairspring list --help`$/],
    [['list', '--server'], 'Missing value of --server', /^See `hairspring list --help`$/],
    [['secret', 'set'], 'Missing required argument "name"', /^See `hairspring secret set --help`$/],
    [['help', 'lost'], 'Unknown command "lost"', /^Did you mean list\?$/],
  ] as const) {
    const run = await runCli(['--json', ...args]);
    const { error } = JSON.parse(run.stdout);
    assert.deepEqual([run.code, error.code, error.message], [2, 'HS_USAGE', message]);
    assert.match(error.hint, hint);
  }
});

test('A command that lacks one of its own shows its help, and that of the program is for the program', async () => {
  const run = await runCli(['secret']);
  assert.equal(run.code, 2);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /^Usage: hairspring secret [\s\S]*\$ hairspring secret set /);
});

test('An unreachable --server ends with 3 and HS_NATS_UNREACHABLE, with --json as one document on stdout', async () => {
  const [plain, json] = await Promise.all([
    runCli(['list', '--server', NOWHERE]),
    runCli(['--json', '--server', NOWHERE, 'invoke', 'x']),
  ]);
  assert.equal(plain.code, 3);
  assert.equal(plain.stdout, '');
  assert.match(plain.stderr, /^error HS_NATS_UNREACHABLE: .*"nats:\/\/127\.0\.0\.1:9".*\nhint: /);
  assert.equal(json.code, 3);
  assert.equal(json.stderr, '');
  const { error } = JSON.parse(json.stdout);
  assert.deepEqual(Object.keys(error), ['code', 'message', 'hint']);
  assert.equal(error.code, 'HS_NATS_UNREACHABLE');
});

test('An error with --json is one line, also of a command that goes on and of a command line that cannot be read', async () => {
  for (const args of [
    ['logs', '--server', NOWHERE],
    ['list', '--server', NOWHERE],
    ['up', '--prot', '1'],
  ]) {
    const { stdout } = await runCli([...args, '--json']);
    assert.match(stdout, /^\{"error":\{.*\}\}\n$/);
  }
});

test('A server whose name nobody knows is said to be that', async () => {
  const run = await runCli(['list', '--server', 'nats://nowhere.invalid:4222']);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /^error HS_NATS_UNREACHABLE: .*: the name "nowhere\.invalid" is not known here\n/);
});

test('A NATS without a node ends with 3 and HS_NO_NODE', async () => {
  const run = await runCli(['list', '--server', nats.url]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /^error HS_NO_NODE: /);
});

test('A Nexfile with an unknown key ends with 4 and shows the line with a caret under the key', async () => {
  const path = await project('unknown-key', `${NEXFILE}  limit: {}\n`, '');
  const [plain, json] = await Promise.all([runCli(['deploy', path]), runCli(['deploy', path, '--json'])]);
  assert.equal(plain.code, 4);
  assert.match(plain.stderr, /^error HS_NEXFILE_INVALID: .*"limit"/);
  assert.match(
    plain.stderr,
    /Nexfile:6:3\n {2}6 \| {3}limit: \{\}\n {4}\| {3}\^\nhint: Did you mean "limits"\?/,
  );
  const { deployed, failed } = JSON.parse(json.stdout);
  assert.equal(json.code, 4);
  assert.deepEqual(deployed, []);
  assert.partialDeepStrictEqual(failed, [
    { error: { code: 'HS_NEXFILE_INVALID', position: { line: 6, column: 3 } } },
  ]);
});

test('A Nexfile that is no YAML, a source that does not parse, and a missing Nexfile end with 4', async () => {
  const yaml = await project('yaml', 'name: [one\n');
  const source = await project('source', NEXFILE, 'export default {\n  message(msg {\n');
  const [malformed, invalid, missing] = await Promise.all([
    runCli(['deploy', yaml]),
    runCli(['deploy', source]),
    runCli(['deploy', join(folder, 'absent')]),
  ]);
  assert.deepEqual([malformed.code, invalid.code, missing.code], [4, 4, 4]);
  assert.match(malformed.stderr, /^error HS_NEXFILE_MALFORMED: [\s\S]*Nexfile:\d+:\d+\n {2}\d+ \| /);
  assert.match(
    invalid.stderr,
    /^error HS_SOURCE_INVALID: [\s\S]*index\.js:2:\d+\n {2}2 \| {3}message\(msg \{\n/,
  );
  assert.match(missing.stderr, /^error HS_NEXFILE_MISSING: /);
});

test('Where the functions are one folder further down, the remedy names that folder', async () => {
  await project('shop/functions/orders', NEXFILE, 'export default { message() {} };');
  const run = await runCli(['deploy', '--dry-run', join(folder, 'shop')]);
  assert.equal(run.code, 4);
  assert.match(run.stderr, /^error HS_NEXFILE_MISSING: .*\nhint: There are some below ".*functions": name/);
});

test('When one of several functions is refused, none is deployed', async () => {
  const root = join(folder, 'several');
  await project('several/good', NEXFILE, 'export default { message() {} };');
  await project('several/bad', NEXFILE.replace('one', 'two'), 'export default {');
  const run = await runCli(['deploy', root, '--server', NOWHERE]);
  // NATS would not be reached if it were asked.
  assert.equal(run.code, 4);
  assert.match(run.stderr, /HS_SOURCE_INVALID/);
  assert.doesNotMatch(run.stderr, /HS_NATS_UNREACHABLE/);
});

test('A dry run lists what would be deployed in columns', async () => {
  await project(
    'columns/a',
    `${NEXFILE}  triggers: [{ subject: a.b }, { subject: c.d }]\n`,
    'export default { message() {} };',
  );
  await project('columns/b', NEXFILE.replace('one', 'longer'), 'export default { message() {} };');
  const run = await runCli(['deploy', '--dry-run', join(folder, 'columns'), '--server', NOWHERE]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(
    run.stdout,
    /^one {5}a\.b, c\.d {5}\d\S+\nlonger {2}no triggers {2}\d\S+\nGrants are not compared with what is live: .*\nNothing is deployed: 2 /,
  );
});

test('Two functions of one name are refused before anything is deployed', async () => {
  await project('twins/a', NEXFILE, 'export default { message() {} };');
  await project('twins/b', NEXFILE, 'export default { message() {} };');
  const run = await runCli(['deploy', join(folder, 'twins'), '--server', NOWHERE]);
  assert.equal(run.code, 4);
  assert.match(run.stderr, /^error HS_NEXFILE_INVALID: Cannot deploy "one" twice/);
});

test('up with a server to join and a port for its own is refused with 2', async () => {
  const run = await runCli(['up', '--server', NOWHERE, '--port', '1', '--data', join(folder, 'unused')]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /^error HS_USAGE: Cannot join .* by --port too$/m);
});

test('A context of the nats CLI is used by --context, by NATS_CONTEXT and when it is the selected one', async () => {
  const config = join(folder, 'config');
  await mkdir(join(config, 'nats/context'), { recursive: true });
  await writeFile(join(config, 'nats/context/mine.json'), JSON.stringify({ url: nats.url }));
  const env = { XDG_CONFIG_HOME: config };
  const [byOption, byVariable] = await Promise.all([
    runCli(['list', '--context', 'mine'], { env }),
    runCli(['list'], { env: { ...env, NATS_CONTEXT: 'mine' } }),
  ]);
  await writeFile(join(config, 'nats/context.txt'), 'mine');
  const selected = await runCli(['list'], { env });
  // Each reaches the server, on which there is no node.
  for (const { stderr } of [byOption, byVariable, selected]) assert.match(stderr, /^error HS_NO_NODE: /);
  const unknown = await runCli(['list', '--context', 'yours'], { env });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /^error HS_CONTEXT_INVALID: .*yours\.json/);
});

test('Colours go to terminals only, FORCE_COLOR brings them, and NO_COLOR and --no-color take them away', async () => {
  const args = ['list', '--server', NOWHERE];
  const [plain, forced, refused, option] = await Promise.all([
    runCli(args),
    runCli(args, { env: { FORCE_COLOR: '1' } }),
    runCli(args, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }),
    runCli([...args, '--no-color'], { env: { FORCE_COLOR: '1' } }),
  ]);
  assert.doesNotMatch(plain.stderr, ESCAPE);
  assert.match(forced.stderr, ESCAPE);
  assert.doesNotMatch(refused.stderr, ESCAPE);
  assert.doesNotMatch(option.stderr, ESCAPE);
});

test('init makes a function that bundles, in JavaScript or TypeScript, and refuses a folder with files in it', async () => {
  for (const more of [[], ['--typescript']]) {
    const path = join(folder, `new-${more.length}`);
    const made = await runCli(['init', path, ...more]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /hairspring dev /);
    const bundled = await runCli(['deploy', '--dry-run', path]);
    assert.equal(bundled.code, 0, bundled.stderr);
  }
  const [again, badName] = await Promise.all([
    runCli(['init', join(folder, 'new-0')]),
    runCli(['init', join(folder, 'no good'), '--json']),
  ]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /not empty/);
  assert.equal(badName.code, 2);
  assert.equal(JSON.parse(badName.stdout).error.code, 'HS_USAGE');
});

test('doctor ends with 5 where something fails, with a remedy for it', async () => {
  const args = ['doctor', '--server', NOWHERE];
  const [plain, json] = await Promise.all([runCli(args), runCli([...args, '--json'])]);
  assert.equal(plain.code, 5);
  assert.match(plain.stdout, /✖ {2}NATS .*\n +→ .+/);
  const { ok, checks } = JSON.parse(json.stdout);
  assert.equal(ok, false);
  assert.partialDeepStrictEqual(
    checks.find(({ name }: { readonly name: string }) => name === 'NATS'),
    { status: 'fail', remedy: 'Check --server; `hairspring up` without it starts a server of its own' },
  );
});

test('init says what is wrong with a name that is empty, or that no function may have', async () => {
  const [empty, dotted] = await Promise.all([runCli(['init', '']), runCli(['init', join(folder, 'a.b')])]);
  assert.deepEqual([empty.code, dotted.code], [2, 2]);
  assert.match(empty.stderr, /^error HS_USAGE: Cannot make a folder without a name\nhint: Name it, as in /);
  assert.match(dotted.stderr, /^error HS_USAGE: Cannot name a function "a\.b"\nhint: Use 1 to 64 letters/);
});

test('deploy ends with how many of several functions failed', async () => {
  const several = join(folder, 'several');
  await project('several/good', NEXFILE, 'export default { message() {} };');
  await project('several/bad', NEXFILE.replace('one', 'two'));
  const { code, stderr } = await runCli(['deploy', several, '--server', NOWHERE]);
  assert.equal(code, 4);
  assert.match(stderr, /\nNothing is deployed: 1 of 2 failed\n$/);
  const alone = await runCli(['deploy', join(several, 'bad'), '--server', NOWHERE]);
  assert.doesNotMatch(alone.stderr, /Nothing is deployed/);
});
