import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { ask, until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

/** How soon functions answer again once the server is back. */
const BACK_WITHIN_MS = 5_000;

test('After nats-server was killed and started again, functions answer and deploys work by themselves', async () => {
  await using stack = new AsyncDisposableStack();
  const storeDir = await mkdtemp(join(tmpdir(), 'hairspring-nats-'));
  stack.defer(() => rm(storeDir, { recursive: true, force: true, maxRetries: 3 }));
  const nats = await startTestNats({ storeDir });
  stack.use(nats);
  const world = stack.use(await startTestHost({ nats, spareCells: 1 }));
  await world.deploy({
    name: 'counter',
    code: `let calls = 0; export default { async message(msg, env) {
      await env.B.put('calls', String(++calls));
      return (await env.B.get('calls')).text();
    } };`,
    bindings: { B: { kv: 'restarts', access: 'read-write' } },
  });
  await world.deploy({ name: 'other', code: handler('return "other";'), namespace: 'other' });
  assert.equal((await world.ask('counter')).text, '1');
  const cells = world.host.cellPids();

  process.kill(nats.pid, 'SIGKILL');
  await nats.exited;
  await using again = await startTestNats({ storeDir, port: nats.port });
  assert.equal(again.url, nats.url);
  const startedMs = performance.now();
  await until('the client is back', () =>
    world.nc.flush().then(
      () => true,
      () => false,
    ),
  );
  for (const subject of ['counter', 'other']) {
    await until(
      `${subject} answers`,
      async () => (await ask(world.nc, subject, '', { timeoutMs: 500 })).outcome === 'ok',
    );
  }
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < BACK_WITHIN_MS, `functions answered ${tookMs} ms after the server was back`);
  assert.deepEqual(
    world.host.cellPids().slice(0, 2),
    cells.slice(0, 2),
    'cells were to reconnect, not to be replaced',
  );
  assert.ok(Number((await world.ask('counter')).text) > 1, 'the instance stayed warm');

  await until('the node answers', async () => (await world.client().nodes()).length === 1);
  await world.deploy({ name: 'fresh', code: handler('return "fresh";') });
  assert.equal((await world.ask('fresh')).text, 'fresh');
  await world.client().undeploy('fresh');

  const pid = world.host.cellPids()[0] ?? 0;
  const waiting = world.ask('counter');
  process.kill(pid, 'SIGKILL');
  assert.notEqual((await waiting).outcome, 'silent');
  await until('another cell serves', async () => (await ask(world.nc, 'counter')).outcome === 'ok');
});

test('A host whose server is gone for a while still stops when asked', async () => {
  await using nats = await startTestNats();
  const world = await startTestHost({ nats, drainGraceMs: 500 });
  await world.deploy({ name: 'idle', code: handler('return 1;') });
  process.kill(nats.pid, 'SIGKILL');
  await nats.exited;
  const startedMs = performance.now();
  await world.host[Symbol.asyncDispose]();
  assert.ok(performance.now() - startedMs < 10_000);
  await world[Symbol.asyncDispose]();
});
