import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST_LIMITS, systemClock } from '../../src/core/index.ts';
import { CellSupervisor } from '../../src/host/cells/index.ts';
import { handler, startTestHost } from '../support/host.ts';

/** A module that loads until its cell is ended, which takes a second or so. */
const ENDLESS = 'for (;;) {}';

test('A namespace whose deployments take long holds up another one for no more than two of them', async () => {
  await using world = await startTestHost({ spareCells: 1 });
  let refused = 0;
  const crowd = Array.from({ length: 6 }, (_, at) =>
    world.deploy({ name: `endless${at}`, namespace: 'crowd', code: ENDLESS }).catch((error) => {
      assert.equal(error.code, 'HS_FUNCTION_LOAD');
      refused += 1;
    }),
  );
  while (refused === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await world.deploy({ name: 'quick', namespace: 'calm', code: handler('return "served";') });
  assert.ok(refused <= 3, `${refused} of the others came first`);
  assert.equal((await world.ask('quick')).text, 'served');
  await Promise.all(crowd);
});

test('A deployment whose turn comes when nobody waits for it any more is refused', async (t) => {
  await using world = await startTestHost();
  const monotonicMs = systemClock.monotonicMs;
  let waitedMs = 0;
  t.mock.method(systemClock, 'monotonicMs', () => monotonicMs() + waitedMs);
  const { check } = CellSupervisor.prototype;
  t.mock.method(
    CellSupervisor.prototype,
    'check',
    function (this: CellSupervisor, ...args: Parameters<typeof check>): ReturnType<typeof check> {
      waitedMs = HOST_LIMITS.deployMs;
      return check.apply(this, args);
    },
    { times: 1 },
  );
  const late = { name: 'late', code: handler('return "served";') };
  await assert.rejects(world.deploy(late), { code: 'HS_CONTROL_OVERLOADED', message: /after the 60000 ms/ });
  await world.deploy(late);
  assert.equal((await world.ask('late')).text, 'served');
});
