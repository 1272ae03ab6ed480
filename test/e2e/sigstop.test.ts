/** Processes that are stopped for a moment under full load, as by a debugger or a machine that is moved. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { type Answer, tally, until } from '../support/load.ts';

const IN_FLIGHT = 256;
const STOPPED_MS = 1_500;

interface Loop {
  readonly answers: readonly Answer[];
  /** How many answers were not those of their own request. */
  readonly crossed: () => number;
  stop(): Promise<void>;
}

function startClosedLoop({ ask }: TestHost): Loop {
  const answers: Answer[] = [];
  let crossed = 0;
  let stopped = false;
  const lane = async (number: number): Promise<void> => {
    for (let turn = 0; !stopped; turn += 1) {
      const payload = `${number}-${turn}`;
      const answer = await ask(turn % 2 === 0 ? 'now' : 'later', payload, { timeoutMs: 20_000 });
      if (answer.outcome === 'ok' && answer.text !== payload) crossed += 1;
      answers.push(answer);
    }
  };
  const lanes = Array.from({ length: IN_FLIGHT }, (_, number) => lane(number));
  return {
    answers,
    crossed: () => crossed,
    async stop() {
      stopped = true;
      await Promise.all(lanes);
    },
  };
}

test('A cell and a server that are stopped under full load go on, and each caller hears', async () => {
  await using world = await startTestHost();
  const limits = { concurrency: 1_000 };
  await world.deploy({ name: 'now', code: handler('return msg.text();'), limits });
  await world.deploy({
    name: 'later',
    code: handler('await new Promise((resolve) => setTimeout(resolve, 5)); return msg.text();'),
    limits,
  });
  const cells = world.host.cellPids();
  const loop = startClosedLoop(world);
  for (const pid of [cells[0] ?? 0, world.nats.pid]) {
    const before = loop.answers.length;
    await until('the load is under way', () => loop.answers.length > before + 2 * IN_FLIGHT);
    process.kill(pid, 'SIGSTOP');
    await sleep(STOPPED_MS);
    process.kill(pid, 'SIGCONT');
  }
  const before = loop.answers.length;
  await until('the load goes on', () => loop.answers.length > before + 4 * IN_FLIGHT);
  await loop.stop();
  assert.deepEqual(world.host.cellPids(), cells, 'no cell was to be replaced');
  assert.equal(loop.crossed(), 0);
  // The clock of a limit goes on while a process is stopped; silence is what nobody may hear.
  const allowed = ['ok', 'HS_FUNCTION_TIMEOUT', 'HS_FUNCTION_CPU'];
  const counts = tally(loop.answers);
  assert.deepEqual(
    Object.keys(counts).filter((outcome) => !allowed.includes(outcome)),
    [],
    JSON.stringify(counts),
  );
  assert.ok((counts['ok'] ?? 0) > loop.answers.length / 2, JSON.stringify(counts));
});
