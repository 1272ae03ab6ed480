import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EXAMPLES, startCli } from './support/cli.ts';

const folder = await mkdtemp(join(tmpdir(), 'hairspring-project-'));
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
await cp(join(EXAMPLES, 'hello/Nexfile'), join(folder, 'functions/hello/Nexfile'));
await cp(join(EXAMPLES, 'hello/src'), join(folder, 'functions/hello/src'), { recursive: true });
execFileSync('git', ['init', '--quiet'], { cwd: folder });

/** What a commit of everything would add. */
function untracked(): readonly string[] {
  const options = { cwd: folder, encoding: 'utf8' } as const;
  const text = execFileSync('git', ['status', '--porcelain', '--untracked-files=all'], options);
  return text.trim().split('\n').sort();
}

const SOURCES = untracked();

for (const [command, data] of [
  [['dev', 'functions'], 'functions/.hairspring'],
  [['dev', 'functions', '--observe', '--data', 'observed'], 'observed'],
  [['up', '--data', 'data/node'], 'data/node'],
] as const) {
  test(`What ${command.join(' ')} keeps in its data folder, keys too, is not for git`, async () => {
    await using node = startCli([...command, '--port', '0'], { cwd: folder });
    await node.waitFor(/^ready in /m);
    assert.ok(existsSync(join(folder, data, 'keys', 'operator.seed')));
    assert.deepEqual(untracked(), SOURCES);
  });
}

test('A folder that was there before gets no .gitignore', async () => {
  await mkdir(join(folder, 'there'));
  await using node = startCli(['up', '--data', 'there', '--port', '0'], { cwd: folder });
  await node.waitFor(/^ready in /m);
  assert.ok(!existsSync(join(folder, 'there', '.gitignore')));
});
