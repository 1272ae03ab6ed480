import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSecretFile } from '../../src/cli/secret/read-value.ts';
import { SECRET_LIMITS } from '../../src/core/index.ts';

const folder = await mkdtemp(join(tmpdir(), 'hairspring-read-value-'));
after(() => rm(folder, { recursive: true, force: true }));

test('A value that a pipe with a name gives in parts is read to its end', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const read = readSecretFile('parts', pipe);
  const writer = await open(pipe, 'w');
  await writer.write('first half, ');
  // Whoever reads once has read by then, and is gone.
  await sleep(200);
  await writer.write('second half').catch(() => undefined);
  await writer.close();
  assert.equal(await read, 'first half, second half');
});

test('Of a file that is longer than a value may be only so much is read that it is seen to be', async () => {
  const file = join(folder, 'long');
  await writeFile(file, 'x'.repeat(64 * SECRET_LIMITS.valueBytes));
  const value = await readSecretFile('long', file);
  assert.ok(value.length > SECRET_LIMITS.valueBytes, `${value.length}`);
  assert.ok(value.length < 4 * SECRET_LIMITS.valueBytes, `${value.length}`);
});

test('A file that cannot be read is told with why, and the option that named it', async () => {
  await assert.rejects(readSecretFile('gone', join(folder, 'gone')), {
    code: 'HS_USAGE',
    message: `Cannot read "${join(folder, 'gone')}": there is no such file`,
    hint: 'Name a file that you may read with --file',
  });
  await assert.rejects(readSecretFile('folder', folder, '--secret'), {
    message: `Cannot read "${folder}": it is a folder`,
    hint: 'Name a file that you may read with --secret',
  });
});
