import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestNats } from '../support/nats.ts';
import { EXAMPLES, startCli } from './support/cli.ts';

test('A node on a server without accounts warns that the bridge alone holds functions back, and one with them does not', async () => {
  await using nats = await startTestNats();
  const data = await mkdtemp(join(tmpdir(), 'hairspring-shared-'));
  const joined = ['--data', data, '--server', nats.url];
  for (const args of [
    ['up', ...joined],
    ['dev', join(EXAMPLES, 'hello'), ...joined],
  ]) {
    await using node = startCli(args);
    await node.waitFor(/share the account of the node: the bridge alone holds functions back.*--accounts/);
    await node.waitFor(/^ready in /m);
  }
  await using own = startCli(['up', '--data', join(data, 'own'), '--port', '0']);
  const [before = ''] = await own.waitFor(/^[\s\S]*ready in /);
  assert.doesNotMatch(before, /bridge alone/);
  await own[Symbol.asyncDispose]();
  await rm(data, { recursive: true, maxRetries: 3 });
});
