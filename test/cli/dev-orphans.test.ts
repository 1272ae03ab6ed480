import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { EXAMPLES, runCli, startCli } from './support/cli.ts';

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-orphans-'));
  for (const name of ['a', 'b', 'c', 'd']) {
    await cp(join(EXAMPLES, 'hello'), join(folder, name), { recursive: true });
    await rename(name, 'hello', name);
  }
});

after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

async function rename(at: string, from: string, to: string): Promise<void> {
  const nexfile = join(folder, at, 'Nexfile');
  const text = await readFile(nexfile, 'utf8');
  await writeFile(nexfile, text.replace(`name: ${from}`, `name: ${to}`));
}

/** One session of `dev`. @returns the names that are deployed at its end, and what it said of those that it undeployed */
async function session(
  path: string,
  then?: (server: string) => Promise<void>,
): Promise<{ readonly names: readonly string[]; readonly undeployed: readonly string[] }> {
  const args = ['dev', join(folder, path), '--port', '0', '--data', join(folder, 'data')];
  await using dev = startCli(args);
  const [, server = ''] = await dev.waitFor(/nats-server \S+ at (nats:\S+)/);
  await dev.waitFor(/^ready in /m);
  await then?.(server);
  const list = await runCli(['list', '--json', '--server', server]);
  const names = JSON.parse(list.stdout).map(({ name }: { name: string }) => name);
  dev.kill('SIGTERM');
  const { stdout } = await dev.ended;
  return { names, undeployed: [...stdout.matchAll(/(\S+) undeployed: /g)].map(([, name = '']) => name) };
}

test('dev undeploys at its start what it has deployed itself and whose Nexfile is gone or renamed, and nothing else', async () => {
  const first = await session('a', async (server) => {
    const { code, stderr } = await runCli(['deploy', join(folder, 'b'), '--server', server]);
    assert.equal(code, 0, stderr);
  });
  assert.deepEqual(first.names, ['a', 'b']);
  const again = await session('a');
  assert.deepEqual(again, { names: ['a', 'b'], undeployed: [] });
  const another = await session('c');
  assert.deepEqual(another, { names: ['a', 'b', 'c'], undeployed: [] });
  await rm(join(folder, 'a'), { recursive: true });
  await rename('c', 'c', 'renamed');
  const last = await session('c');
  assert.deepEqual(last, { names: ['b', 'renamed'], undeployed: ['a', 'c'] });
});
