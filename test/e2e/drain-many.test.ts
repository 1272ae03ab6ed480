import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { startTestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';

const FUNCTIONS = 40;
/** For the subscriptions and at the end of the connection. */
const MOST_PINGS = 3;

test('A cell that drains asks the server a few times, however many functions it has', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using world = await startTestHost({ nats: { ...server, url: relay.url } });
  const code = handler('return "here";');
  for (let index = 0; index < FUNCTIONS; index += 1) await world.deploy({ name: `f${index}`, code });
  assert.equal((await world.ask('f7')).text, 'here');
  const [cell, ...others] = relay.named('hairspring cell default');
  assert.ok(cell !== undefined && others.length === 0);
  const before = cell.sent().length;
  await world.host[Symbol.asyncDispose]();
  const lines = cell.sent().slice(before).split('\r\n');
  // Its subject and its invocations by name.
  assert.equal(lines.filter((line) => line.startsWith('UNSUB')).length, 2 * FUNCTIONS);
  const pings = lines.filter((line) => line === 'PING').length;
  assert.ok(pings <= MOST_PINGS, `${pings} pings`);
});
