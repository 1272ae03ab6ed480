/** The four ways in which guest code takes a process down, each beside a neighbour under steady load. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isAlive, startTestHost } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';
import { startSteadyLoad, tally, until } from '../support/load.ts';

const NEIGHBOUR_PER_SECOND = 200;
/** Well below the time-out of a call: what its caller hears is no time-out. */
const HEARD_WITHIN_MS = 4_000;

const HAZARDS = [
  {
    name: 'loop',
    what: 'An endless loop',
    code: 'HS_FUNCTION_CPU',
    hazard: 'for (;;) {}',
    limits: { cpu: '50ms' },
    killsCell: false,
  },
  {
    name: 'bomb',
    what: 'An allocation bomb',
    code: 'HS_FUNCTION_MEMORY',
    hazard: 'const all = []; for (;;) all.push({ a: all.length, b: [1, 2, 3] });',
    // With a CPU limit of 50 ms it would pass that before the heap is full.
    limits: { cpu: '3s', memory: '16MiB' },
    killsCell: false,
  },
  {
    name: 'abort',
    what: 'A string split that aborts the process',
    code: 'HS_FUNCTION_CRASHED',
    hazard: `return ${ABORT};`,
    limits: ABORT_LIMITS,
    killsCell: true,
  },
  {
    name: 'deaf',
    what: 'A built-in that ignores termination',
    code: 'HS_FUNCTION_CPU',
    hazard: 'return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);',
    limits: { cpu: '50ms' },
    killsCell: true,
  },
] as const;

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, host } = world;
await deploy({ name: 'neighbour', code: 'export default { message: () => "here" };' });

for (const { name, what, code, hazard, limits, killsCell } of HAZARDS) {
  for (const after of ['', ' after an await'] as const) {
    test(`${what}${after} costs its own invocation, and the neighbour is served throughout`, async () => {
      const id = after === '' ? name : `${name}-later`;
      const wait = after === '' ? '' : 'await new Promise((resolve) => setTimeout(resolve, 2));';
      await deploy({
        name: id,
        limits,
        code: `export default { async message(msg) {
          if (msg.text() === 'good') return 'good';
          ${wait}
          ${hazard}
        } };`,
      });
      assert.equal((await ask(id, 'good')).text, 'good');
      const serving = host.cellPids()[0] ?? 0;
      using neighbour = startSteadyLoad(world.nc, 'neighbour', NEIGHBOUR_PER_SECOND);
      await until('the neighbour is warm', () => neighbour.answers.length > 20);

      const answer = await ask(id, 'bad');
      // Where the neighbour was inside as well, on the other thread, nobody can tell which of them it was.
      assert.ok(answer.outcome === code || (killsCell && answer.outcome === 'HS_CELL_LOST'), answer.outcome);
      assert.ok(answer.tookMs < HEARD_WITHIN_MS, `the caller heard after ${answer.tookMs} ms`);
      const before = neighbour.answers.length;
      await until('the neighbour is served again', () => neighbour.answers.length > before + 20);
      const good = await ask(id, 'good');
      assert.deepEqual([good.outcome, good.text], ['ok', 'good']);

      // How many are lost is a matter of how long the machine takes to bring another cell up.
      await until('those lost are few beside those served', () => {
        const { ok = 0, HS_CELL_LOST: lost = 0 } = tally(neighbour.answers);
        return ok > lost * 4;
      });
      const counts = tally(await neighbour.stop());
      const allowed = killsCell ? ['ok', 'HS_CELL_LOST'] : ['ok'];
      assert.deepEqual(
        Object.keys(counts).filter((outcome) => !allowed.includes(outcome)),
        [],
        JSON.stringify(counts),
      );
      if (killsCell) await until('the dead cell is gone', () => !isAlive(serving));
      else assert.equal(host.cellPids()[0], serving, 'the cell was not to die');
    });
  }
}
