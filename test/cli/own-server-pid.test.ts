import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readEnvironment } from '../../src/cli/shell/environment.ts';
import { announceServer, isOwnServer } from '../../src/cli/shell/own-server.ts';
import { silentLogger } from '../../src/core/index.ts';

test('A server counts as this user’s while the process lives that announced it, and not for another with its id', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-pid-'));
  const server = 'nats://127.0.0.1:4222';
  try {
    const env = readEnvironment({ HAIRSPRING_DATA: dataDir });
    assert.equal(await isOwnServer(env, [server]), false);
    const announced = await announceServer(env, server, 'creds', silentLogger);
    assert.equal(await isOwnServer(env, [server]), true);
    const file = join(dataDir, 'servers', '127.0.0.1-4222', 'node.pid');
    const text = await readFile(file, 'utf8');
    assert.match(text, new RegExp(`^${process.pid}\\b`));
    // As an earlier version wrote it.
    await writeFile(file, String(process.pid));
    assert.equal(await isOwnServer(env, [server]), true);
    for (const other of [`${process.pid} another-boot 1`, '0', '-1', 'none', '', '2147483646 x']) {
      await writeFile(file, other);
      // Where /proc does not say when a process began, its id is all there is.
      const isTold = process.platform === 'linux' || !other.startsWith(String(process.pid));
      assert.equal(await isOwnServer(env, [server]), !isTold, other);
    }
    await announced[Symbol.asyncDispose]();
    assert.equal(await isOwnServer(env, [server]), false);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
