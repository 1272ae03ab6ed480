import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createControlClient } from '../../src/control/index.ts';
import { deployTo, handler, isAlive } from '../support/host.ts';
import { startHostProcess } from '../support/host-process.ts';
import { ask, tally, until, untilAccepted } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const SLOW = handler('await new Promise((resolve) => setTimeout(resolve, 300)); return "done";');

test('A host that is killed leaves no cell running, and the next one on its data folder serves on', async () => {
  await using nats = await startTestNats();
  await using first = await startHostProcess(nats.url);
  await using stack = new AsyncDisposableStack();
  const nc = await connectTo(nats);
  stack.defer(() => nc.close());
  const client = createControlClient(nc, { namespace: 'default' });
  await deployTo(nc, client, { name: 'survivor', code: handler('return "here";') });
  assert.equal((await ask(nc, 'survivor')).text, 'here');
  const cells = await first.cellPids();
  assert.ok(cells.length >= 2);
  first.signal('SIGKILL');
  await first.exited;
  await until('the cells are gone', () => cells.every((pid) => !isAlive(pid)));
  assert.equal((await ask(nc, 'survivor')).outcome, 'no responders');
  await using second = await startHostProcess(nats.url, { dataDir: first.dataDir, spareCells: 0 });
  assert.equal(second.nodeId, first.nodeId);
  assert.equal((await ask(nc, 'survivor')).text, 'here');
});

test('A host stops on SIGTERM with exit code 0, its work finished and nothing left', async () => {
  await using nats = await startTestNats();
  await using running = await startHostProcess(nats.url);
  await using stack = new AsyncDisposableStack();
  const nc = await connectTo(nats);
  stack.defer(() => nc.close());
  const client = createControlClient(nc, { namespace: 'default' });
  await deployTo(nc, client, { name: 'slow', code: SLOW });
  const answers = Array.from({ length: 20 }, () => ask(nc, 'slow'));
  await untilAccepted(client, 'slow', 20);
  const cells = await running.cellPids();
  running.signal('SIGTERM');
  assert.deepEqual(tally(await Promise.all(answers)), { ok: 20 });
  assert.deepEqual(await running.exited, { code: 0, stderr: '' });
  assert.deepEqual(cells.filter(isAlive), []);
});

test('A second host on the data folder of a running one is refused', async () => {
  await using nats = await startTestNats();
  await using first = await startHostProcess(nats.url, { spareCells: 0 });
  await assert.rejects(
    startHostProcess(nats.url, { dataDir: first.dataDir, spareCells: 0 }),
    /HS_DATA_DIR[\s\S]*uses it|uses it[\s\S]*HS_DATA_DIR/,
  );
});
