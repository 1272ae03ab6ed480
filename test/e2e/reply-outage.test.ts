import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { handler, startTestHost } from '../support/host.ts';
import { ask, tally, until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';

/** Longer than several attempts to connect. */
const AWAY_MS = 1_200;
const CALLERS = 20;

test('Callers whose functions finish while their cell has no connection hear when it is back', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using world = await startTestHost({ nats: { ...server, url: relay.url } });
  await world.deploy({
    name: 'slow',
    code: handler('await new Promise((done) => setTimeout(done, 400)); return msg.text();'),
  });
  await world.ask('slow');
  const outside = await connectTo(server);
  const pids = world.host.cellPids();
  const answers = Array.from({ length: CALLERS }, (_, index) =>
    ask(outside, 'slow', String(index), { timeoutMs: 5_000 }),
  );
  await outside.flush();
  await sleep(150);
  relay.cut();
  await sleep(AWAY_MS);
  relay.admit();
  assert.deepEqual(
    (await Promise.all(answers)).map(({ outcome, text }) => `${outcome} ${text}`),
    Array.from({ length: CALLERS }, (_, index) => `ok ${index}`),
  );
  await until('it serves again', async () => (await ask(outside, 'slow', 'x')).text === 'x');
  assert.deepEqual(world.host.cellPids(), pids);
  await outside.close();
});

test('A reply that is too large for the server is the only one that is refused when it waits for a connection', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using world = await startTestHost({ nats: { ...server, url: relay.url } });
  const code = handler(
    'await new Promise((done) => setTimeout(done, 400)); return "x".repeat(Number(msg.text()));',
  );
  await world.deploy({ name: 'sized', code });
  await world.ask('sized', '1');
  const outside = await connectTo(server);
  const answers = Array.from({ length: CALLERS }, (_, index) =>
    ask(outside, 'sized', index === 0 ? '2000000' : '5', { timeoutMs: 5_000 }),
  );
  await outside.flush();
  await sleep(150);
  relay.cut();
  await sleep(AWAY_MS);
  relay.admit();
  assert.deepEqual(tally(await Promise.all(answers)), { HS_REPLY_TOO_LARGE: 1, ok: CALLERS - 1 });
  await outside.close();
});

test('Callers of a cell that dies while it and the host have no connection hear when that is back', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using world = await startTestHost({ nats: { ...server, url: relay.url }, spareCells: 1 });
  const code = handler('await new Promise((done) => setTimeout(done, Number(msg.text()))); return "done";');
  await world.deploy({ name: 'slow', code });
  await world.ask('slow', '0');
  const outside = await connectTo(server);
  // Some have finished when the cell dies, and their replies wait in it.
  const answers = Array.from({ length: CALLERS }, (_, index) =>
    ask(outside, 'slow', index % 2 === 0 ? '300' : '4000', { timeoutMs: 8_000 }),
  );
  await outside.flush();
  await sleep(150);
  relay.cut();
  await sleep(600);
  const [pid = 0] = world.host.cellPids();
  process.kill(pid, 'SIGKILL');
  await sleep(AWAY_MS);
  relay.admit();
  assert.deepEqual(tally(await Promise.all(answers)), { HS_CELL_LOST: CALLERS });
  await outside.close();
});
