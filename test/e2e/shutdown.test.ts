import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createControlClient } from '../../src/control/index.ts';
import { deployTo, handler, isAlive, startTestHost, type TestHost } from '../support/host.ts';
import { startHostProcess } from '../support/host-process.ts';
import { ask, tally, until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const SLOW = handler('await new Promise((resolve) => setTimeout(resolve, 300)); return "done";');
const CALLS = 50;

/** Starts calls and waits until all of them are accepted. */
async function callSlow(world: TestHost): Promise<Promise<{ outcome: string }[]>> {
  await world.deploy({ name: 'slow', code: SLOW, limits: { concurrency: 40 } });
  assert.equal((await world.ask('slow')).outcome, 'ok');
  const asked = Promise.all(Array.from({ length: CALLS }, () => world.ask('slow')));
  await until('all calls are accepted', async () => {
    const { stats } = await world.client().info('slow');
    return stats.inFlight + stats.queued === CALLS;
  });
  // In a box, so that awaiting this function does not await the calls.
  return { then: undefined, asked } as never;
}

test('Disposing a host answers what it had accepted, then nobody listens and no cell is left', async () => {
  await using world = await startTestHost();
  const { asked } = (await callSlow(world)) as never as { asked: Promise<never[]> };
  const pids = world.host.cellPids();
  const disposing = world.host[Symbol.asyncDispose]();
  const again = world.host[Symbol.asyncDispose]();
  assert.deepEqual(tally(await asked), { ok: CALLS });
  await Promise.all([disposing, again, world.host.stopped]);
  assert.equal((await ask(world.nc, 'slow')).outcome, 'no responders');
  await assert.rejects(world.client().list(), { code: 'HS_NO_NODE' });
  assert.deepEqual(pids.filter(isAlive), []);
  await world.host[Symbol.asyncDispose]();
});
