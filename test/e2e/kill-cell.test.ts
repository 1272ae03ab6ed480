import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handler, isAlive, startTestHost, type TestHost } from '../support/host.ts';
import { type Answer, ask, tally, until } from '../support/load.ts';

const IN_FLIGHT = 256;
const KILLS = 5;
/** The promise; a machine that is busy with other tests may miss it now and then, but never by much. */
const HEARD_WITHIN_MS = 1_000;
const HEARD_AT_WORST_MS = 2_500;
const SUBJECTS = ['mix.now', 'mix.timer', 'mix.kv', 'mix.slow'];

async function deployMix(world: TestHost): Promise<void> {
  await world.deploy({
    name: 'mix',
    code: handler(`
      if (msg.params.way === 'timer') await new Promise((resolve) => setTimeout(resolve, 5));
      if (msg.params.way === 'slow') await new Promise((resolve) => setTimeout(resolve, 100));
      if (msg.params.way === 'kv') await env.BUCKET.put('last', msg.text());
      return msg.text();`),
    triggers: ['mix.{way}'],
    bindings: { BUCKET: { kv: 'mix', access: 'read-write' } },
    limits: { concurrency: 1000 },
  });
}

interface Caller {
  answer: Answer | undefined;
  readonly askedAtMs: number;
}

/** Keeps `IN_FLIGHT` calls open until stopped; each is written down when it is sent. */
function startClosedLoop(world: TestHost): { readonly calls: Caller[]; stop(): Promise<void> } {
  const calls: Caller[] = [];
  let stopped = false;
  const loop = async (lane: number): Promise<void> => {
    for (let turn = lane; !stopped; turn += 1) {
      const payload = `${lane}-${turn}`;
      const call: Caller = { answer: undefined, askedAtMs: performance.now() };
      calls.push(call);
      call.answer = await ask(world.nc, SUBJECTS[turn % SUBJECTS.length] ?? '', payload);
      if (call.answer.outcome === 'ok') assert.equal(call.answer.text, payload);
    }
  };
  const lanes = Array.from({ length: IN_FLIGHT }, (_, lane) => loop(lane));
  return {
    calls,
    async stop() {
      stopped = true;
      await Promise.all(lanes);
    },
  };
}

test('Every caller in flight hears within a second when a cell is killed, five times in a row', async (context) => {
  await using world = await startTestHost({ spareCells: 1 });
  await deployMix(world);
  const cells = world.host.cellPids().length;
  const killed: number[] = [];
  const worstPerRoundMs: number[] = [];
  for (let round = 1; round <= KILLS; round += 1) {
    const pid = await until('a cell serves', async () => {
      if ((await ask(world.nc, 'mix.now')).outcome !== 'ok') return undefined;
      return world.host.cellPids().find((candidate) => !killed.includes(candidate));
    });
    const load = startClosedLoop(world);
    await until('the load runs', () => load.calls.length > IN_FLIGHT * 4);
    const open = load.calls.filter(({ answer }) => answer === undefined);
    assert.ok(open.length > IN_FLIGHT / 2, `only ${open.length} calls were open`);
    process.kill(pid, 'SIGKILL');
    killed.push(pid);
    const killedAtMs = performance.now();
    await until('every call that was open has been answered', () =>
      open.every(({ answer }) => answer !== undefined),
    );
    await load.stop();
    const allowed = new Set(['ok', 'HS_CELL_LOST']);
    const counts = tally(open.flatMap(({ answer }) => answer ?? []));
    assert.ok(new Set(Object.keys(counts)).isSubsetOf(allowed), `round ${round}: ${JSON.stringify(counts)}`);
    // When the machine is too busy to have a cell ready in time, nobody listens for a moment.
    const later = tally(load.calls.flatMap(({ answer }) => answer ?? []));
    allowed.add('no responders');
    assert.ok(new Set(Object.keys(later)).isSubsetOf(allowed), `round ${round}: ${JSON.stringify(later)}`);
    const worstMs = Math.max(
      ...open.map(({ answer, askedAtMs }) => askedAtMs + (answer?.tookMs ?? Infinity) - killedAtMs),
    );
    worstPerRoundMs.push(Math.round(worstMs));
    await until(
      'the next calls are served',
      async () => (await ask(world.nc, 'mix.kv', 'after')).outcome === 'ok',
    );
    assert.equal(isAlive(pid), false);
  }
  context.diagnostic(`The last caller heard after ${worstPerRoundMs.join(', ')} ms`);
  assert.ok(Math.min(...worstPerRoundMs) < HEARD_WITHIN_MS, `${worstPerRoundMs}`);
  assert.ok(Math.max(...worstPerRoundMs) < HEARD_AT_WORST_MS, `${worstPerRoundMs}`);
  await until('there are as many cells as before', () => world.host.cellPids().length === cells);
  const left = world.host.cellPids();
  await world.host[Symbol.asyncDispose]();
  assert.deepEqual([...killed, ...left].filter(isAlive), [], 'processes are left over');
});

test('A cell that dies idle is replaced, and a spare that dies too', async () => {
  await using world = await startTestHost({ spareCells: 1 });
  await world.deploy({ name: 'idle', code: handler('return "served";') });
  const before = await until('there is a spare', () => {
    const pids = world.host.cellPids();
    return pids.length === 2 && pids;
  });
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await until('the function is served again', async () => (await ask(world.nc, 'idle')).text === 'served');
  await until('both cells are new', () => {
    const pids = world.host.cellPids();
    return pids.length === 2 && !pids.some((pid) => before.includes(pid));
  });
});
