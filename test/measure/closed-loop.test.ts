import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosedLoop } from '../../src/measure/index.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

test('Requests go by all routes in turns, and each reply counts once', async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startTestNats());
  const clients = [await connectTo(server), await connectTo(server), await connectTo(server)];
  const echo = await connectTo(server);
  for (const nc of [...clients, echo]) stack.defer(() => nc.close());
  const asked = clients.map(() => 0);
  for (const index of asked.keys())
    echo.subscribe(`echo.${index}`, {
      callback: (_error, message) => {
        asked[index] = (asked[index] ?? 0) + 1;
        message.respond(message.data);
      },
    });
  await echo.flush();
  const loop = new ClosedLoop({
    routes: clients.map((nc, index) => ({ nc, subject: `echo.${index}` })),
    payload: Buffer.from('x'),
    inFlight: 2,
    isExpected: ({ data }) => data.length === 1,
  });
  const total = (): number => asked.reduce((sum, count) => sum + count, 0);
  await until('requests are answered', () => total() > 100);
  await loop.stop(5_000);
  assert.deepEqual([loop.tally.outstanding, loop.tally.wrong], [0, 0]);
  // Two are under way, so that one route may be ahead by them.
  assert.ok(Math.max(...asked) - Math.min(...asked) <= 2, asked.join(', '));
});
