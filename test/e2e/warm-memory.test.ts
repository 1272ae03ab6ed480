import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
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

/** Of the largest cell. */
const rssBytes = (pids: readonly number[]): number =>
  Math.max(...pids.map((pid) => 4096 * Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])));

test('What evicted functions held goes back to the system', {
  skip: process.platform === 'linux' ? false : 'it reads /proc',
}, async () => {
  await using world = await startTestHost({ nats, spareCells: 0, warmInstances: 2 });
  const code = handler(
    'globalThis.kept ??= Array.from({ length: 100_000 }, (_, at) => ({ at })); return "held";',
  );
  const names = Array.from({ length: 40 }, (_, at) => `keeper-${at}`);
  await Promise.all(names.map((name) => world.deploy({ name, code })));
  const before = rssBytes(world.host.cellPids());
  for (const name of names) assert.equal((await world.ask(name)).text, 'held');
  const grown = rssBytes(world.host.cellPids()) - before;
  await until(
    'they are evicted and their memory is free',
    () => rssBytes(world.host.cellPids()) - before < grown / 2,
  );
});
