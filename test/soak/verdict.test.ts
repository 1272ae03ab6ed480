import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from './sample.ts';
import { judgeSamples, robustSlope, type Verdict } from './verdict.ts';

const MIB = 1024 ** 2;

/** Samples five seconds and 5,000 requests apart; `change` says what is not as always. */
function samplesOf(change: (index: number) => Partial<Sample['host']>): readonly Sample[] {
  return Array.from({ length: 100 }, (_, index) => {
    const process = { pid: 1, rssBytes: 100 * MIB + (index % 7) * MIB, descriptors: 30, threads: 8 };
    return {
      seconds: index * 5,
      sent: index * 5_000,
      host: { ...process, ...change(index) },
      cells: [{ ...process, pid: 2 }],
      server: {
        rssBytes: 0,
        connections: 4,
        subscriptions: 120 + (index % 3),
        consumers: 0,
        slowConsumers: 0,
      },
    };
  });
}

function failed(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts.filter(({ passed }) => !passed).map(({ what }) => what);
}

test('What goes up and down and stays where it is passes', () => {
  assert.deepEqual(failed(judgeSamples(samplesOf(() => ({})))), []);
});

test('A leak of a few MiB per 100,000 requests is seen through the noise', () => {
  const leaking = samplesOf((index) => ({ rssBytes: 100 * MIB + (index % 7) * MIB + index * 0.1 * MIB }));
  assert.deepEqual(failed(judgeSamples(leaking)), ['host: RSS', 'host: RSS slope']);
  const slow = samplesOf((index) => ({ rssBytes: 400 * MIB + (index % 7) * MIB + index * 0.1 * MIB }));
  assert.deepEqual(failed(judgeSamples(slow)), ['host: RSS slope']);
});

test('Descriptors and threads that go on growing are seen', () => {
  const growing = samplesOf((index) => ({
    descriptors: 30 + Math.floor(index / 20),
    threads: 8 + Math.floor(index / 20),
  }));
  assert.deepEqual(failed(judgeSamples(growing)), ['host: descriptors', 'host: threads']);
});

test('A single spike does not make a slope, and a cell that is another one is told of', () => {
  assert.ok(Math.abs(robustSlope([0, 1, 2, 3, 900, 5, 6].map((y, x) => ({ x, y }))) - 1) < 0.01);
  const [first, ...rest] = samplesOf(() => ({}));
  assert.ok(first !== undefined);
  const replaced = [...rest, { ...first, cells: first.cells.map((cell) => ({ ...cell, pid: 3 })) }];
  assert.deepEqual(failed(judgeSamples(replaced)), ['cells']);
});
