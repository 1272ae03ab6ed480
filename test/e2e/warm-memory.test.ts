import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { startTestNats } from '../support/nats.ts';

const MIB = 1024 ** 2;
/** All together they hold more than the cell may, and fewer than that are within the budget for warm instances. */
const FUNCTIONS = 28;
const DOUBLES = 2 * MIB;

const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());

test('Functions that wake faster than once a second make room for each other, and their cell lives', async () => {
  await using world = await startTestHost({ nats, spareCells: 0, cellRssLimitBytes: 512 * MIB });
  const code = handler(`globalThis.kept ??= new Array(${DOUBLES}).fill(1.5); return "held";`);
  const names = Array.from({ length: FUNCTIONS }, (_, at) => `holder-${at}`);
  await Promise.all(names.map((name) => world.deploy({ name, code })));
  const pids = world.host.cellPids();
  for (const name of names) assert.equal((await world.ask(name)).text, 'held');
  assert.deepEqual(world.host.cellPids(), pids);
  const listed = await world.client().list();
  const warm = listed.filter(({ workload_state }) => workload_state === 'warm').length;
  assert.ok(warm > 1 && warm < FUNCTIONS, `${warm} of ${FUNCTIONS} are warm`);
});
