import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ENV_TYPES_FILE, renderEnvTypes } from '../../src/cli/types/env-types.ts';
import { parseNexfile } from '../../src/host/index.ts';
import { ROOT } from '../architecture/support/tree.ts';
import { EXAMPLES, runCli } from './support/cli.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-env-types-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const NEXFILE = `name: every
type: javascript
lifecycle: function
start_request:
  main: src/index.ts
  bindings:
    CACHE: { kv: thumbs, access: read-write, keys: t.> }
    WEB: { http: ["https://e.test/*/end", "https://e.test/*"] }
    BUS: { publish: [done.>], request: [ocr.>] }
  environment: { LOG_LEVEL: info }
`;

const HANDLER = `import type { Handler } from 'hairspring/guest';
import type { Env } from '../hairspring-env.d.ts';

export default {
  async message(msg, env) {
    const level: string = env.LOG_LEVEL.toUpperCase();
    const revision: number = await env.CACHE.put('t.a', level);
    const response: Response = await env.WEB.fetch('https://e.test/a');
    await env.WEB.fetch(new URL('https://e.test/b'), { method: 'PUT', body: response.body, duplex: 'half' });
    const pieces = (async function* () {
      yield new Uint8Array(1);
    })();
    const sent: Response = await env.WEB.fetch('https://e.test/c', { method: 'POST', body: pieces, duplex: 'half' });
    // @ts-expect-error pieces go out in one direction before the other
    void env.WEB.fetch('https://e.test/c', { method: 'POST', body: pieces, duplex: 'full' });
    await env.BUS.publish('done.a', await sent.text());
    // @ts-expect-error no such label is in the Nexfile
    void env.CASH;
    // @ts-expect-error a bucket is not for publishing
    void env.CACHE.publish;
    // @ts-expect-error what is bound is not to be replaced
    env.LOG_LEVEL = 'debug';
    return { revision };
  },
} satisfies Handler<Env>;
`;

const PROBE = `import type { Handler } from 'hairspring/guest';
import type { Env } from './hairspring-env.d.ts';
import handler from './src/index';

handler satisfies Handler<Env>;
`;

/** What the compiler says of the files below \`path\`; nothing when they are right. */
function compile(path: string): string {
  const { stdout } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'],
    { cwd: path, encoding: 'utf8' },
  );
  return stdout;
}

async function writeTsconfig(path: string): Promise<void> {
  const compilerOptions = {
    target: 'esnext',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['esnext', 'webworker'],
    types: [],
    strict: true,
    allowJs: true,
    checkJs: true,
    skipLibCheck: false,
    noEmit: true,
    paths: {
      'hairspring/guest': [join(ROOT, 'guest.d.ts')],
      'change-case': [join(ROOT, 'node_modules/change-case')],
    },
  };
  await writeFile(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*'] }));
}

test('The types of every host service compile, and know what is not in the Nexfile', async () => {
  const path = join(folder, 'every');
  await mkdir(join(path, 'src'), { recursive: true });
  await writeFile(join(path, 'Nexfile'), NEXFILE);
  await writeFile(join(path, 'src/index.ts'), HANDLER);
  await writeTsconfig(path);
  const run = await runCli(['types', path]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /every +written +.*hairspring-env\.d\.ts\n/);
  assert.equal(compile(path), '');
});

test('The handlers of the examples have the types that are made from their Nexfiles', async () => {
  const path = join(folder, 'examples');
  const names = ['albums', 'hello', 'kv-counter', 'wildcards', 'wasm-mean'];
  for (const name of names) {
    await cp(join(EXAMPLES, name), join(path, name), { recursive: true });
    await rm(join(path, name, ENV_TYPES_FILE), { force: true });
  }
  const run = await runCli(['types', path, '--json']);
  assert.equal(run.code, 0, run.stderr);
  const { functions } = JSON.parse(run.stdout) as {
    readonly functions: readonly { readonly name: string; readonly state: string }[];
  };
  assert.deepEqual(
    functions.map(({ name, state }) => [name, state]),
    names.sort().map((name) => [name, name === 'wasm-mean' ? 'skipped' : 'written']),
  );
  await rm(join(path, 'wasm-mean'), { recursive: true });
  for (const name of ['albums', 'hello', 'kv-counter', 'wildcards'])
    await writeFile(join(path, name, 'probe.ts'), PROBE);
  await writeTsconfig(path);
  assert.equal(compile(path), '');
  assert.equal((await runCli(['types', join(EXAMPLES, 'kv-counter'), '--check'])).code, 0);
});

test('--check writes nothing and ends with 1 until the types are those of the Nexfile', async () => {
  const path = join(folder, 'checked');
  const file = join(path, ENV_TYPES_FILE);
  await mkdir(path);
  await writeFile(join(path, 'Nexfile'), NEXFILE);
  const absent = await runCli(['types', path, '--check', '--json']);
  assert.equal(absent.code, 1);
  assert.equal(JSON.parse(absent.stdout).error.code, 'HS_TYPES_STALE');
  await assert.rejects(readFile(file), { code: 'ENOENT' });
  assert.equal((await runCli(['types', path])).code, 0);
  assert.equal((await runCli(['types', path, '--check'])).code, 0);
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\n', '\r\n'));
  assert.equal((await runCli(['types', path, '--check'])).code, 0);
  await writeFile(join(path, 'Nexfile'), NEXFILE.replace('CACHE:', 'STORE:'));
  const stale = await runCli(['types', path, '--check']);
  assert.equal(stale.code, 1);
  assert.match(stale.stderr, /error HS_TYPES_STALE: .*hairspring-env\.d\.ts" is out of date/);
});

test('A new function has the types of its Nexfile', async () => {
  for (const more of [[], ['--typescript']]) {
    const path = join(folder, `new${more.length}`);
    assert.equal((await runCli(['init', path, ...more])).code, 0);
    const check = await runCli(['types', path, '--check']);
    assert.equal(check.code, 0, check.stderr);
    await writeTsconfig(path);
    assert.equal(compile(path), '');
  }
});

test('A function that binds nothing has an empty env', () => {
  const { start } = parseNexfile(
    'name: none\ntype: javascript\nlifecycle: function\nstart_request: { main: a.js }',
    'x',
  );
  assert.match(renderEnvTypes(start), /export interface Env \{\}\n$/);
});
