import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { ask, tally, until, untilAccepted } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';

/** Longer than several attempts to connect. */
const AWAY_MS = 1_200;
const CALLERS = 20;

function twoPids({ host }: TestHost): readonly number[] | undefined {
  return host.cellPids().length === 2 ? host.cellPids() : undefined;
}

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
  await untilAccepted(world.client(), 'slow', CALLERS, 1);
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
  await untilAccepted(world.client(), 'sized', CALLERS, 1);
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
    ask(outside, 'slow', index % 2 === 0 ? '1000' : '4000', { timeoutMs: 10_000 }),
  );
  await untilAccepted(world.client(), 'slow', CALLERS, 1);
  relay.cut();
  await sleep(1_200);
  const [pid = 0] = world.host.cellPids();
  process.kill(pid, 'SIGKILL');
  await sleep(AWAY_MS);
  relay.admit();
  assert.deepEqual(tally(await Promise.all(answers)), { HS_CELL_LOST: CALLERS });
  await outside.close();
});

test('A cell that dies while the server is away is replaced when that is back, and costs no processes before', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using world = await startTestHost({ nats: { ...server, url: relay.url }, spareCells: 1 });
  await world.deploy({ name: 'echo', code: handler('return msg.text();') });
  await world.ask('echo', 'x');
  const pids = new Set(await until('there is a spare cell', () => twoPids(world)));
  const before = pids.size;
  relay.cut();
  process.kill(world.host.cellPids()[0] ?? 0, 'SIGKILL');
  for (const endMs = performance.now() + 5_000; performance.now() < endMs; await sleep(20))
    for (const pid of world.host.cellPids()) pids.add(pid);
  relay.admit();
  const outside = await connectTo(server);
  await until('it serves again', async () => (await ask(outside, 'echo', 'x')).text === 'x');
  for (const pid of world.host.cellPids()) pids.add(pid);
  assert.ok(pids.size - before <= 2, `${pids.size - before} processes`);
  await outside.close();
});

test('Replies that wait for a connection leave before their node stops when the server is back in time', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using world = await startTestHost({ nats: { ...server, url: relay.url }, drainGraceMs: 5_000 });
  const code = handler('await new Promise((done) => setTimeout(done, 400)); return msg.text();');
  await world.deploy({ name: 'slow', code });
  await world.ask('slow');
  const outside = await connectTo(server);
  const answers = Array.from({ length: CALLERS }, (_, index) => ask(outside, 'slow', String(index)));
  await untilAccepted(world.client(), 'slow', CALLERS, 1);
  relay.cut();
  await sleep(600);
  const stopped = world.host[Symbol.asyncDispose]();
  await sleep(2_000);
  relay.admit();
  assert.deepEqual(tally(await Promise.all(answers)), { ok: CALLERS });
  await stopped;
  await outside.close();
});

test('Answers for a dead cell that wait for a connection leave before their node stops when the server is back in time', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using world = await startTestHost({ nats: { ...server, url: relay.url }, drainGraceMs: 5_000 });
  const code = handler('await new Promise((done) => setTimeout(done, 4_000)); return msg.text();');
  await world.deploy({ name: 'slow', code });
  const outside = await connectTo(server);
  const answers = Array.from({ length: CALLERS }, (_, index) => ask(outside, 'slow', String(index)));
  await untilAccepted(world.client(), 'slow', CALLERS);
  relay.cut();
  process.kill(world.host.cellPids()[0] ?? 0, 'SIGKILL');
  await sleep(200);
  const stopped = world.host[Symbol.asyncDispose]();
  await sleep(2_000);
  relay.admit();
  assert.deepEqual(tally(await Promise.all(answers)), { HS_CELL_LOST: CALLERS });
  await stopped;
  await outside.close();
});
