import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { type CliRun, runCli } from './support/cli.ts';

/** One host for all tests of this file. */
let folder = '';
let world: TestHost;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-grants-'));
  world = await startTestHost();
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** Writes a function with these bindings (lines of YAML) and deploys it. */
async function deploy(
  name: string,
  bindings: readonly string[],
  flags: readonly string[] = [],
): Promise<CliRun> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const lines = ['type: javascript', 'lifecycle: function', 'start_request:', '  main: index.js'];
  const grants = bindings.length === 0 ? [] : ['  bindings:', ...bindings.map((line) => `    ${line}`)];
  await writeFile(join(path, 'Nexfile'), `${[`name: ${name}`, ...lines, ...grants].join('\n')}\n`);
  await writeFile(join(path, 'index.js'), handler('return "ok";'));
  return await runCli(['deploy', path, ...flags], { env: { NATS_URL: world.nats.url } });
}

const versionOf = async (name: string): Promise<string> =>
  (await world.client().info(name)).definition.version;

test('A first deployment needs no approval, and the same again shows no difference', async () => {
  const grants = ['CACHE: { kv: thumbs, keys: t.> }', 'BUS: { publish: [done.>] }'];
  const first = await deploy('fresh', grants);
  assert.equal(first.code, 0, first.stderr);
  assert.doesNotMatch(first.stdout, /added|CACHE/);
  const again = await deploy('fresh', grants, ['--json']);
  assert.partialDeepStrictEqual(JSON.parse(again.stdout), { deployed: [{ name: 'fresh', grants: [] }] });
});

test('What widens is refused with a list, and nothing is deployed; --approve deploys and shows it', async () => {
  assert.equal((await deploy('wide', ['CACHE: { kv: thumbs, keys: t.> }'])).code, 0);
  const version = await versionOf('wide');
  const wider = ['CACHE: { kv: thumbs, access: read-write, keys: t.> }', 'BUS: { publish: [done.>] }'];
  const refused = await deploy('wide', wider);
  assert.equal(refused.code, 4);
  assert.equal(refused.stdout, '');
  assert.match(
    refused.stderr,
    /error HS_GRANTS_WIDENED: Cannot deploy "wide" without approval.*CACHE widened \(kv thumbs: access read-write \(was read\)\), BUS added \(messaging, publish done\.>\)/,
  );
  assert.match(refused.stderr, /hint: .*--approve/);
  const inJson = await deploy('wide', wider, ['--json']);
  assert.equal(inJson.code, 4);
  assert.partialDeepStrictEqual(JSON.parse(inJson.stdout), {
    deployed: [],
    failed: [{ error: { code: 'HS_GRANTS_WIDENED' } }],
  });
  assert.equal(await versionOf('wide'), version);

  const approved = await deploy('wide', wider, ['--approve']);
  assert.equal(approved.code, 0, approved.stderr);
  assert.match(approved.stdout, /^ {4}\+ CACHE +widened +kv thumbs: access read-write \(was read\)$/m);
  assert.match(approved.stdout, /^ {4}\+ BUS +added +messaging, publish done\.>$/m);
  assert.notEqual(await versionOf('wide'), version);
});

test('What narrows needs no approval, and is shown', async () => {
  const before = ['CACHE: { kv: thumbs, access: read-write }', 'BUS: { publish: [done.>] }'];
  assert.equal((await deploy('narrow', before)).code, 0);
  const run = await deploy('narrow', ['CACHE: { kv: thumbs, access: read-write, keys: t.* }'], ['--json']);
  assert.equal(run.code, 0, run.stdout);
  assert.partialDeepStrictEqual(JSON.parse(run.stdout), {
    deployed: [
      {
        grants: [
          { label: 'CACHE', change: 'narrowed', text: 'kv thumbs: keys t.* (was >)' },
          { label: 'BUS', change: 'removed', text: 'messaging, publish done.>' },
        ],
      },
    ],
  });
});

test('One function that widens keeps the others from being deployed too', async () => {
  assert.equal((await deploy('pair-a', [])).code, 0);
  const version = await versionOf('pair-a');
  await deploy('pair-a', ['BUS: { publish: [done.>] }'], ['--dry-run']);
  await deploy('pair-b', [], ['--dry-run']);
  const both = join(folder, 'both');
  await mkdir(both);
  for (const name of ['pair-a', 'pair-b']) await rename(join(folder, name), join(both, name));
  const run = await runCli(['deploy', both], { env: { NATS_URL: world.nats.url } });
  assert.equal(run.code, 4);
  assert.match(run.stderr, /HS_GRANTS_WIDENED: Cannot deploy "pair-a"/);
  assert.equal(await versionOf('pair-a'), version);
  await assert.rejects(versionOf('pair-b'), { code: 'HS_FUNCTION_NOT_FOUND' });
});

test('A dry run shows the difference to the live version and what needs approval, and deploys nothing', async () => {
  assert.equal((await deploy('dry', ['CACHE: { kv: thumbs, keys: t.> }'])).code, 0);
  const version = await versionOf('dry');
  const wider = ['CACHE: { kv: thumbs, access: read-write, keys: t.> }'];
  const run = await deploy('dry', wider, ['--dry-run']);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^ {4}\+ CACHE +widened +kv thumbs: access read-write \(was read\)$/m);
  assert.match(run.stdout, /^Needs --approve: dry$/m);
  const inJson = await deploy('dry', wider, ['--dry-run', '--json']);
  assert.partialDeepStrictEqual(JSON.parse(inJson.stdout), {
    notCompared: null,
    functions: [{ grants: [{ label: 'CACHE', change: 'widened' }], needsApproval: true }],
  });
  assert.equal(await versionOf('dry'), version);
});

test('A dry run where no node can be asked says that nothing was compared', async () => {
  await deploy('alone', []);
  const run = await runCli(['deploy', join(folder, 'alone'), '--dry-run'], {
    env: { NATS_URL: 'nats://127.0.0.1:1' },
  });
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^Grants are not compared with what is live: .*127\.0\.0\.1:1/m);
});

test('A deployment that was compared with another version than the live one is refused', async () => {
  await world.deploy({ name: 'raced', code: handler('return "one";') });
  const live = await world.client().live('raced');
  assert.equal(live?.version, await versionOf('raced'));
  assert.deepEqual(live?.bindings, {});
  await world.deploy({ name: 'raced', code: handler('return "two";') });
  const request = await world.client().clone('raced');
  const again = { ...request, description: 'third' };
  await assert.rejects(world.client().deploy({ ...again, expected_version: live?.version }), {
    code: 'HS_DEPLOY_CONFLICT',
  });
  await assert.rejects(world.client().deploy({ ...again, expected_version: '' }), {
    code: 'HS_DEPLOY_CONFLICT',
  });
  await world.client().deploy({ ...again, expected_version: await versionOf('raced') });
  assert.equal((await world.client().info('raced')).definition.description, 'third');
  // The stock Nex CLI says nothing of versions and is not held up.
  await world.client().deploy({ ...again, description: 'fourth' });
  assert.equal((await world.client().info('raced')).definition.description, 'fourth');
});

test('Of a name that nobody has deployed nothing is live', async () => {
  assert.equal(await world.client().live('nobody'), undefined);
  await assert.rejects(
    world.client().deploy({
      name: 'nobody',
      description: '',
      workload_type: 'javascript',
      workload_lifecycle: 'function',
      run_request: (await world.client().clone('raced')).run_request,
      tags: {},
      expected_version: '0123456789ab',
    }),
    { code: 'HS_DEPLOY_CONFLICT' },
  );
});
