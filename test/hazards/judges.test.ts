/** The judges of hazards can fail: each bar by itself, on made-up sights. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers } from '@nats-io/transport-node';
import { BUSY_BARS, fullBars } from './support/bars.ts';
import { parseHazard } from './support/hazard.ts';
import { type HazardSight, judgeHazard } from './support/judge-hazard.ts';
import { type HazardTimes, judgeNeighbour } from './support/judge-neighbour.ts';
import type { NeighbourCall } from './support/neighbour.ts';
import { forgedHeaders } from './support/witness.ts';

const BARS = fullBars({ rate: 1_000, calmMs: 2_500, times: 1, apart: false });
const CALLED_MS = 2_500;
const KILL_MS = 4_000;

/** A call each millisecond for seven and a half seconds, answered after 2 ms; `change` says what is not as always. */
function calls(change: (sentAtMs: number) => Partial<NeighbourCall> = () => ({})): readonly NeighbourCall[] {
  return Array.from({ length: 7_500 }, (_, sentAtMs) => ({
    sentAtMs,
    tookMs: 2,
    outcome: 'ok',
    ...change(sentAtMs),
  }));
}

function problemsOf(
  seen: readonly NeighbourCall[],
  deathsMs: readonly number[] = [],
  times: Partial<HazardTimes> = {},
): readonly string[] {
  const always = {
    calledAtMs: CALLED_MS,
    heardAtMs: 5_000,
    settlesAtMs: undefined,
    holdsMs: undefined,
    apart: false,
  };
  const { problems, slow } = judgeNeighbour(seen, { ...always, deathsMs, ...times }, BARS);
  return [...problems, ...slow];
}

/** Those sent between `fromMs` and `toMs` wait until then. */
function stall(fromMs: number, toMs: number) {
  return (sentAtMs: number): Partial<NeighbourCall> =>
    sentAtMs >= fromMs && sentAtMs < toMs ? { tookMs: toMs - sentAtMs + 2 } : {};
}

test('A neighbour that notices nothing passes, and so does one that waits for the limit of one entry', () => {
  assert.deepEqual(problemsOf(calls()), []);
  assert.deepEqual(problemsOf(calls(stall(3_000, 3_050))), []);
});

test('A stall of a tenth of a second is seen however long the calm before it is', () => {
  assert.deepEqual(problemsOf(calls(stall(3_000, 3_101))), ["the neighbour's p99 was 54.0 ms"]);
  assert.deepEqual(problemsOf(calls(stall(6_000, 6_101))), ["the neighbour's p99 was 54.0 ms"]);
});

test('A stall that is short beside the time of the hazard is seen in its second', () => {
  const long = [
    ...calls(),
    ...calls(stall(3_000, 3_120)).map((call) => ({ ...call, sentAtMs: call.sentAtMs + 7_500 })),
  ];
  assert.deepEqual(problemsOf(long), ["the neighbour's p99 was 113.0 ms in one second"]);
});

test('A hazard that is known to hold the thread for long is held to as much, and to no more', () => {
  assert.deepEqual(problemsOf(calls(stall(3_000, 3_200)), [], { holdsMs: 200 }), []);
  assert.equal(problemsOf(calls(stall(3_000, 3_300)), [], { holdsMs: 200 }).length, 1);
});

test('On a machine that is noisy by itself twice its noise is the bar, and where it is too noisy nothing passes', () => {
  const noisy = (calmMs: number, besideMs: number) =>
    calls((at) => (at % 20 === 0 ? { tookMs: at < CALLED_MS ? calmMs : besideMs } : {}));
  assert.deepEqual(problemsOf(noisy(40, 79)), []);
  assert.deepEqual(problemsOf(noisy(40, 81)), ["the neighbour's p99 was 81.0 ms"]);
  assert.deepEqual(problemsOf(noisy(60, 60)), ['the machine is too busy to tell: the calm p99 was 60.0 ms']);
});

test('The p99 of the second of a kill is not held against it, that of the next one is', () => {
  assert.deepEqual(problemsOf(calls(stall(3_700, 4_100)), [KILL_MS]), []);
  assert.equal(problemsOf(calls(stall(4_600, 4_720)), [KILL_MS]).length, 1);
});

test('A function that is to settle is held to its own bar in the second half of its calls', () => {
  const rough = (fromMs: number, toMs: number) =>
    calls((at) => (at % 20 === 0 && at >= fromMs && at < toMs ? { tookMs: 30 } : {}));
  assert.deepEqual(problemsOf(rough(2_500, 3_700), [], { settlesAtMs: 15 }), []);
  assert.deepEqual(problemsOf(rough(2_500, 5_000), [], { settlesAtMs: 15 }), [
    "the neighbour's p99 stayed at 30.0 ms",
  ]);
});

test('Calls may be lost that were in flight in the cell that died, and no others', () => {
  const lost =
    (...times: readonly number[]) =>
    (at: number): Partial<NeighbourCall> =>
      times.includes(at) ? { outcome: 'HS_CELL_LOST', tookMs: KILL_MS + 60 - at } : {};
  const needless = ['the neighbour lost 1 calls that were in flight in no cell that died'];
  assert.deepEqual(problemsOf(calls(lost(3_990, 3_999)), [KILL_MS]), []);
  assert.deepEqual(problemsOf(calls(lost(4_001)), [KILL_MS]), needless);
  const answeredLongBefore = calls((at) => (at === 3_800 ? { outcome: 'HS_CELL_LOST', tookMs: 10 } : {}));
  assert.deepEqual(problemsOf(answeredLongBefore, [KILL_MS]), needless);
  assert.deepEqual(problemsOf(calls(lost(3_990)), []), needless);
  assert.deepEqual(problemsOf(calls(lost(3_990)), [KILL_MS], { apart: true }), needless);
});

test('A call that came in while the cell hung was not begun, and is served by the next cell', () => {
  const hung = stall(3_650, 4_080);
  const seen = (lostAt: number) =>
    calls((at) => (at === lostAt ? { outcome: 'HS_CELL_LOST', tookMs: 4_080 - at } : hung(at)));
  assert.deepEqual(problemsOf(seen(3_660), [KILL_MS]), []);
  assert.equal(problemsOf(seen(3_800), [KILL_MS]).length, 1);
});

test('A neighbour that is served again late, or hears something else, is seen', () => {
  assert.deepEqual(problemsOf(calls(stall(3_950, 4_480)), [KILL_MS]), []);
  assert.ok(
    problemsOf(calls(stall(3_950, 4_600)), [KILL_MS]).includes('the neighbour was served again after 602 ms'),
  );
  const silent = calls((at) => (at === 3_000 ? { outcome: 'silent' } : {}));
  assert.deepEqual(problemsOf(silent), ["the neighbour's callers heard silent"]);
});

const HAZARD = parseHazard(
  'cpu-x',
  '// class: cpu\n// tries: to x\n// expects: ok\n// kills: may\n// logs: 2\n',
);
const GIB = 1024 ** 3;
const SIGHT: HazardSight = {
  outcomes: ['ok'],
  heardMs: 10,
  kills: 0,
  sentence: undefined,
  deployed: true,
  hostAlive: true,
  peakBytes: GIB,
  calmTotalBytes: GIB / 2,
  peakTotalBytes: GIB,
  rssLimitBytes: GIB,
  logLines: 2,
  calls: 1,
};

function judged(seen: Partial<HazardSight>, bars = BARS): readonly string[] {
  return judgeHazard(HAZARD, { ...SIGHT, ...seen }, bars);
}

test('A function that kills two cells is to be quarantined, and one that kills five suspended', () => {
  assert.deepEqual(judged({}), []);
  assert.deepEqual(judged({ kills: 1 }), []);
  assert.deepEqual(judged({ kills: 2 }), ['it is not quarantined']);
  assert.deepEqual(judged({ kills: 2, sentence: 'quarantined' }), []);
  assert.deepEqual(judged({ kills: 5, sentence: 'quarantined' }), ['it is not suspended']);
  assert.deepEqual(judged({ kills: 5, sentence: 'suspended' }), []);
  assert.deepEqual(judged({ kills: 6, sentence: 'suspended' }), ['it killed 6 cells']);
  assert.deepEqual(judged({ kills: 2 }, BUSY_BARS), []);
});

test('Memory counts of the largest process and of all of them', () => {
  assert.deepEqual(judged({ peakBytes: 1.5 * GIB }), ['it took 1536 MiB']);
  assert.deepEqual(judged({ peakTotalBytes: 2 * GIB }), ['the node grew by 1536 MiB']);
});

test('A wrong outcome, a late answer, a dead host and log lines too many are seen', () => {
  assert.deepEqual(judged({ outcomes: ['silent'] }), ['its caller heard silent']);
  assert.deepEqual(judged({ heardMs: 60_000 }), ['its caller heard after 60000 ms']);
  assert.deepEqual(judged({ hostAlive: false }), ['the host died']);
  assert.deepEqual(judged({ logLines: 3 }), ['the feed had 3 lines of it instead of 2']);
});

test('A reply that speaks for the host, for another namespace or to JetStream is seen', () => {
  const problems = (...pairs: readonly (readonly [string, string])[]): number => {
    const block = headers();
    for (const [name, value] of pairs) block.append(name, value);
    return forgedHeaders(block, 'mine').length;
  };
  assert.equal(problems(['namespace', 'mine'], ['workload_id', 'one'], ['X-Fine', 'x']), 0);
  assert.equal(problems(['Nats-Rollup', 'all']), 1);
  assert.equal(problems(['KV-Operation', 'PURGE']), 1);
  assert.equal(problems(['workload_id', 'one'], ['workload_id', 'forged']), 1);
  assert.equal(problems(['namespace', 'other']), 1);
});
