import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseDocument } from 'yaml';
import { RECORDING_FILE } from '../../src/cli/bindings/recording.ts';
import { type CliRun, runCli, startCli } from './support/cli.ts';

const NEXFILE = `name: busy
type: javascript
lifecycle: function
start_request:
  main: index.js
  triggers:
    - subject: busy.{what}
  bindings:
    STORE: { kv: things, access: read-write }
    LOG: { kv: logs, access: read, keys: l.> }
    BUS: { publish: [done.>], request: [ask.>] }
    OLD: { kv: old }
    KEY: { secret: key }
`;

/** Calls with values that no recording may have. */
const SOURCE = `export default {
  async message(msg, env) {
    await env.STORE.get('pages.a');
    await env.STORE.get('pages.b');
    for (const each of ['1', '2', '3'])
      await env.BUS.publish('done.' + each, 'hunter2', { headers: { 'X-Token': 'hunter2' } });
    await env.BUS.publish('other.x', 'hunter2').catch(() => {});
    await env.LOG.put('l.x', 'hunter2').catch(() => {});
    return 'ok';
  },
};
`;

const IDLE = NEXFILE.replaceAll('busy', 'idle').replace(/ {2}bindings:[\s\S]*$/, '');

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-suggest-'));
  for (const [name, nexfile] of Object.entries({ busy: NEXFILE, idle: IDLE })) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'Nexfile'), nexfile);
    await writeFile(join(folder, name, 'index.js'), SOURCE);
  }
});
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

const suggest = (args: readonly string[]): Promise<CliRun> =>
  runCli(['bindings', 'suggest', ...args], { cwd: folder });

test('Without a recording there is nothing to suggest, and the remedy says how to come by one', async () => {
  const run = await suggest([]);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /error HS_NOTHING_OBSERVED: .*"busy", "idle"[\s\S]*dev --observe/);
});

test('dev --observe records what functions call, and no values', async () => {
  await using dev = startCli(['dev', folder, '--port', '0', '--observe']);
  const [, server = ''] = await dev.waitFor(/nats-server \S+ at (nats:\S+)/);
  await dev.waitFor(/^ready in /m);
  const set = await runCli(['secret', 'set', 'key', '--server', server], { input: 'hunter2' });
  assert.equal(set.code, 0, set.stderr);
  await writeFile(join(folder, 'busy', 'index.js'), `${SOURCE}\n`);
  await dev.waitFor(/busy deployed as /);
  for (let call = 0; call < 2; call += 1) {
    const run = await runCli(['invoke', 'busy', '--server', server, '--subject', 'busy.a']);
    assert.equal(run.stdout, 'ok\n', run.stderr);
  }
  dev.kill('SIGTERM');
  assert.equal((await dev.ended).code, 0);
  const text = await readFile(join(folder, '.hairspring', RECORDING_FILE), 'utf8');
  assert.doesNotMatch(text, /hunter2/);
  const lines = text.trimEnd().split('\n');
  assert.equal(new Set(lines).size, lines.length);
  assert.deepEqual(
    lines.map((line) => {
      const { label, op, name, outcome } = JSON.parse(line);
      return `${label} ${op} ${name} ${outcome}`.trim();
    }),
    [
      'STORE get pages.a used',
      'STORE get pages.b used',
      'BUS publish done.1 used',
      'BUS publish done.2 used',
      'BUS publish done.3 used',
      'BUS publish other.x denied',
      'LOG put l.x denied',
      'invoke  used',
    ],
  );
});

test('The suggestion is a fragment for the Nexfile with the smallest grants, and a reason for each', async () => {
  const run = await suggest(['busy']);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(parseDocument(run.stdout).errors.length, 0);
  assert.deepEqual(parseDocument(run.stdout).toJS(), {
    start_request: {
      bindings: {
        STORE: { kv: 'things', access: 'read', keys: 'pages.*' },
        LOG: { kv: 'logs', access: 'write', keys: 'l.x' },
        BUS: { publish: ['done.1', 'done.2', 'done.3', 'other.x'] },
        KEY: { secret: 'key' },
      },
    },
  });
  assert.match(run.stdout, /# narrower: access read \(was read-write\); keys pages\.\* \(was >\)\n +STORE:/);
  assert.match(run.stdout, /# wider: .*; refused so far: publish other\.x\n +BUS:/);
  assert.match(run.stdout, /# unseen: .*\n +KEY: /);
  assert.match(run.stdout, /# unused: remove it\n +# OLD: \{ kv: old, access: read/);
});

test('Patterns are suggested where they are asked for; what was not called is said not to be', async () => {
  const run = await suggest([folder, '--generalize', '2', '--json']);
  assert.equal(run.code, 0, run.stderr);
  const { functions } = JSON.parse(run.stdout);
  assert.partialDeepStrictEqual(functions, [
    {
      name: 'busy',
      observed: true,
      incomplete: false,
      bindings: [
        { label: 'STORE', state: 'narrower' },
        { label: 'LOG', state: 'wider' },
        { label: 'BUS', state: 'wider', grant: { publish: ['done.*', 'other.x'] } },
        { label: 'OLD', state: 'unused' },
        { label: 'KEY', state: 'unseen' },
      ],
    },
    { name: 'idle', observed: false, bindings: [] },
  ]);
  const idle = await suggest(['idle']);
  assert.equal(idle.code, 1);
  assert.match(idle.stderr, /HS_NOTHING_OBSERVED/);
  const other = await suggest(['busy', '--namespace', 'staging']);
  assert.match(other.stderr, /HS_NOTHING_OBSERVED: .*namespace "staging"/);
});

test('A target that is nothing, an action that is none and a count that is none are refused', async () => {
  const [target, action, count] = await Promise.all([
    suggest(['nobody']),
    runCli(['bindings', 'guess']),
    suggest(['--generalize', '0']),
  ]);
  assert.deepEqual([target.code, action.code, count.code], [2, 2, 2]);
  assert.match(target.stderr, /"nobody": it is neither a path nor a function.*\n.*busy, idle/);
});
