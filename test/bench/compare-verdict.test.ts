import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectOfRounds, effectOfStarts } from '../../bench/compare/effect.ts';
import { criticalT, twoSidedP } from '../../bench/compare/student.ts';
import { type Candidate, judgeAll, type Verdict } from '../../bench/compare/verdict.ts';

/** The same numbers in every run, so that a test of chance is none of luck. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function createNormal(seed: number): (deviation: number) => number {
  const random = createRandom(seed);
  return (deviation) => deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const figure = (metric: string): Omit<Candidate, 'effect'> => ({
  ...{ rowId: 'load/echo-function', title: 'echo', metric, unit: 'µs', better: 'lower', base: 1, head: 1 },
});

/** How far starts and windows lie apart, as standard deviations of logarithms. */
interface Noise {
  readonly starts: number;
  readonly windows: number;
}
const USUAL: Noise = { starts: 0.02, windows: 0.08 };
const UNEVEN_STARTS: Noise = { starts: 0.05, windows: 0.08 };
const CROWDED: Noise = { starts: 0.03, windows: 0.15 };

/** What a shared machine does to pairs of windows: starts differ, windows differ more, some are ruined. */
function noisyStarts(
  normal: (deviation: number) => number,
  noise: Noise,
  slowdown: number,
): readonly (readonly number[])[] {
  return Array.from({ length: 6 }, () => {
    const ofStart = normal(noise.starts);
    return Array.from({ length: 6 }, () => {
      const ruined = normal(1) > 1.6 ? 0.4 * Math.sign(normal(1)) : 0;
      return slowdown * Math.exp(ofStart + normal(noise.windows) + ruined);
    });
  });
}

/** The verdicts on five figures of a comparison in turns. */
function compareInTurns(seed: number, noise: Noise, slowdown: number): readonly Verdict[] {
  const normal = createNormal(seed);
  const candidates = Array.from({ length: 5 }, (_, index) => ({
    ...figure(`figure${index}`),
    effect: effectOfStarts(noisyStarts(normal, noise, index === 0 ? slowdown : 1)),
  }));
  return judgeAll(candidates).map(({ verdict }) => verdict);
}

/** The verdicts on forty figures of two files with five rounds each. */
function compareFiles(seed: number, slowdown: number): readonly Verdict[] {
  const normal = createNormal(seed);
  const rounds = (factor: number): readonly number[] => {
    const ofStart = normal(0.03);
    return Array.from({ length: 5 }, () => factor * Math.exp(ofStart + normal(0.05)));
  };
  const candidates = Array.from({ length: 40 }, (_, index) => ({
    ...figure(`figure${index}`),
    effect: effectOfRounds(rounds(1), rounds(index === 0 ? slowdown : 1)),
  }));
  return judgeAll(candidates).map(({ verdict }) => verdict);
}

const moved = (verdict: Verdict | undefined): boolean => verdict === 'better' || verdict === 'worse';
const shareOf = (trials: number, happens: (seed: number) => boolean): number =>
  Array.from({ length: trials }, (_, seed) => happens(seed + 1)).filter(Boolean).length / trials;

test('The t distribution is the one of the tables', () => {
  for (const [p, degrees, t] of [
    [0.05, 1, 12.706],
    [0.05, 3, 3.182],
    [0.01, 5, 4.032],
    [0.001, 30, 3.646],
    [0.05, 10_000, 1.96],
  ] as const) {
    assert.equal(criticalT(p, degrees).toFixed(3), t.toFixed(3));
    assert.equal(twoSidedP(t, degrees).toFixed(3), p.toFixed(3));
  }
});

for (const [words, noise] of [
  ['a shared machine', USUAL],
  ['one where starts differ more than expected', UNEVEN_STARTS],
  ['a crowded one', CROWDED],
] as const) {
  test(`Of 1,000 comparisons of a commit with itself on ${words}, fewer than one in thirty find a change`, () => {
    const alarms = shareOf(1_000, (seed) => compareInTurns(seed, noise, 1).some(moved));
    assert.ok(alarms < 1 / 30, `${alarms * 100} %`);
  });

  test(`A slow-down of 20 % is found in turns on ${words}, and called worse`, () => {
    const found = shareOf(500, (seed) => compareInTurns(seed, noise, 1.2)[0] === 'worse');
    assert.ok(found > 0.85, `${found * 100} %`);
  });
}

test('Of 1,000 pairs of files of one commit, fewer than one in thirty show a change in any of 40 figures', () => {
  const alarms = shareOf(1_000, (seed) => compareFiles(seed, 1).some(moved));
  assert.ok(alarms < 1 / 30, `${alarms * 100} %`);
});

test('Two files show a slow-down of a third, and mostly call one of 20 % either worse or unclear', () => {
  const third = shareOf(500, (seed) => compareFiles(seed, 4 / 3)[0] === 'worse');
  const fifth = shareOf(500, (seed) => compareFiles(seed, 1.2)[0] !== 'same');
  assert.ok(third > 0.9, `${third * 100} %`);
  assert.ok(fifth > 0.95, `${fifth * 100} %`);
});

test('What is surely within ten per cent is the same, however sure a change of two per cent is', () => {
  const effect = { logRatio: 0.02, standardError: 0.001, degreesOfFreedom: 5 };
  assert.deepEqual(judgeOne(effect), ['same']);
});

test('What could be a fifth more or a fifth less is too noisy to tell', () => {
  assert.deepEqual(judgeOne(effectOfStarts([[0.8], [1.25], [0.9], [1.1]])), ['too noisy to tell']);
});

test('Whether more is better decides which way a change goes', () => {
  const effect = effectOfStarts([[1.3], [1.31], [1.29], [1.3]]);
  assert.deepEqual(judgeOne(effect, 'higher'), ['better']);
  assert.deepEqual(judgeOne(effect, 'lower'), ['worse']);
});

test('A single start, a single round or a figure of nothing says nothing', () => {
  assert.deepEqual(judgeOne(effectOfStarts([[2, 2, 2]])), ['too noisy to tell']);
  assert.deepEqual(judgeOne(effectOfRounds([1], [2])), ['too noisy to tell']);
  assert.deepEqual(judgeOne(effectOfRounds([0, 0, 0], [2, 2, 2])), ['too noisy to tell']);
});

function judgeOne(effect: Candidate['effect'], better: Candidate['better'] = 'lower'): readonly Verdict[] {
  return judgeAll([{ ...figure('cpuUs'), better, effect }]).map(({ verdict }) => verdict);
}
