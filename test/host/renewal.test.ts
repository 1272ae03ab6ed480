import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../src/core/index.ts';
import { renewEvery } from '../../src/host/cells/renewal.ts';

/** A clock whose timers run only when told. */
function handClock() {
  let nowMs = 1_000_000;
  let tick: (() => void) | undefined;
  let periodMs = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => nowMs,
    every(everyMs, action) {
      periodMs = everyMs;
      tick = action;
      return () => (tick = undefined);
    },
  };
  /** The machine runs, or sleeps and runs for one tick. */
  const pass = (totalMs: number, asleep = false): void => {
    if (asleep) nowMs += totalMs - periodMs;
    for (let passedMs = asleep ? totalMs - periodMs : 0; passedMs < totalMs; passedMs += periodMs) {
      nowMs += periodMs;
      tick?.();
    }
  };
  return { clock, pass };
}

const isDue = (): boolean => false;

test('Credentials are renewed once in each period', () => {
  for (const periodMs of [2_000, 1_800_000, 43_200_000]) {
    const { clock, pass } = handClock();
    const renewed: number[] = [];
    renewEvery({ clock, periodMs, isDue, renew: () => renewed.push(clock.now()) });
    pass(periodMs * 0.8);
    assert.equal(renewed.length, 0);
    pass(periodMs * 3.4);
    assert.equal(renewed.length, 4, `periods of ${periodMs} ms`);
  }
});

test('A machine that has slept over it renews at once when it wakes, and once', () => {
  const { clock, pass } = handClock();
  let renewed = 0;
  renewEvery({ clock, periodMs: 1_800_000, isDue, renew: () => (renewed += 1) });
  pass(10 * 3_600_000, true);
  assert.equal(renewed, 1);
  pass(60_000);
  assert.equal(renewed, 1);
});

test('Nothing is renewed any more when it has ended', () => {
  const { clock, pass } = handClock();
  let renewed = 0;
  const stop = renewEvery({ clock, periodMs: 2_000, isDue, renew: () => (renewed += 1) });
  stop();
  pass(20_000);
  assert.equal(renewed, 0);
});

test('What is due before its period is over is renewed soon, and a period after that again', () => {
  const { clock, pass } = handClock();
  let due = false;
  const renewed: number[] = [];
  const renew = (): void => {
    due = false;
    renewed.push(clock.now());
  };
  renewEvery({ clock, periodMs: 3_600_000, isDue: () => due, renew });
  pass(1_800_000);
  due = true;
  pass(10_000);
  assert.equal(renewed.length, 1);
  pass(3_500_000);
  assert.equal(renewed.length, 1);
  pass(200_000);
  assert.equal(renewed.length, 2);
});
