import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneChoice } from '../../src/runtime/dispatch/lane-choice.ts';
import { createManualClock, type ManualClock } from '../control/support/manual-clock.ts';

const ALONE = (): boolean => false;

/** Entries one after the other, each with a pause after it, by the wall clock and by processor time alike. */
function enter(lane: LaneChoice, clock: ManualClock, tookMs: number, times: number, pauseMs = 0): void {
  for (let index = 0; index < times; index += 1) {
    const cpuMs = lane.examines ? tookMs : undefined;
    clock.advance(tookMs);
    lane.entered(tookMs, cpuMs, clock);
    clock.advance(pauseMs);
  }
}

test('A function with a long limit of its own is heavy whatever is seen of it', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(true, ALONE);
  clock.advance(1_000_000);
  enter(lane, clock, 0.01, 1_000);
  assert.equal(lane.heavy, true);
});

test('A long entry now and then moves nothing, a run of them does', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false, ALONE);
  for (let round = 0; round < 20; round += 1) {
    enter(lane, clock, 45, 1);
    enter(lane, clock, 0.1, 100, 50);
  }
  assert.equal(lane.heavy, false);
  enter(lane, clock, 25, 6);
  assert.equal(lane.heavy, true);
});

test('Long entries among many short ones move a function, when they are a part of the time', () => {
  for (const [shortMs, times] of [
    [0.1, 4],
    [0.1, 1_000],
    [3.9, 100],
  ] as const) {
    const clock = createManualClock();
    const lane = new LaneChoice(false, ALONE);
    for (let round = 0; round < 10 && !lane.heavy; round += 1) {
      enter(lane, clock, 45, 1);
      enter(lane, clock, shortMs, times);
    }
    assert.equal(lane.heavy, true, `45 ms, then ${times} of ${shortMs} ms`);
  }
});

test('A function that is slow by the wall clock and not by its processor time stays', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false, ALONE);
  for (let entry = 0; entry < 1_000; entry += 1) {
    lane.entered(40, lane.examines ? 2 : undefined, clock);
    clock.advance(40);
  }
  assert.equal(lane.heavy, false);
});

test('Entries of a few milliseconds stay on the main thread however many they are, longer ones do not', () => {
  for (const [tookMs, pauseMs, heavy] of [
    [10, 0, false],
    [15, 0, true],
    [15, 100, true],
    [15, 1_000, false],
  ] as const) {
    const lane = new LaneChoice(false, ALONE);
    enter(lane, createManualClock(), tookMs, 10_000, pauseMs);
    assert.equal(lane.heavy, heavy, `${tookMs} ms, then a pause of ${pauseMs} ms`);
  }
});

test('Beside others, entries of more than 4 ms one after the other leave the main thread, and come back once nobody is there', () => {
  for (const [tookMs, pauseMs, heavy] of [
    [4, 0, false],
    [6, 0, true],
    [9, 100, true],
    [9, 1_000, false],
    [20, 10_000, false],
    [36, 10_000, true],
  ] as const) {
    const lane = new LaneChoice(false, () => true);
    enter(lane, createManualClock(), tookMs, 10_000, pauseMs);
    assert.equal(lane.heavy, heavy, `${tookMs} ms, then a pause of ${pauseMs} ms`);
  }
  let isShared = true;
  const clock = createManualClock();
  const lane = new LaneChoice(false, () => isShared);
  enter(lane, clock, 6, 10_000);
  assert.equal(lane.heavy, true);
  isShared = false;
  enter(lane, clock, 6, 1);
  assert.equal(lane.heavy, false);
});

test('A function whose entries have become short comes back, and not at once', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false, ALONE);
  enter(lane, clock, 40, 10);
  enter(lane, clock, 0.1, 1_000);
  assert.equal(lane.heavy, true);
  clock.advance(10_000);
  enter(lane, clock, 0.1, 1);
  assert.equal(lane.heavy, false);
});

test('A function that goes back to long entries stays away for twice as long each time', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false, ALONE);
  for (const awayMs of [10_000, 20_000, 40_000]) {
    enter(lane, clock, 40, 4);
    assert.equal(lane.heavy, true);
    enter(lane, clock, 0.1, 100);
    clock.advance(awayMs - 1_000);
    enter(lane, clock, 0.1, 1);
    assert.equal(lane.heavy, true, `before ${awayMs} ms`);
    clock.advance(1_000);
    enter(lane, clock, 0.1, 1);
    assert.equal(lane.heavy, false, `after ${awayMs} ms`);
  }
  // Having been short for as long as it was away, it begins anew.
  clock.advance(40_000);
  enter(lane, clock, 40, 4);
  enter(lane, clock, 0.1, 100);
  clock.advance(10_000);
  enter(lane, clock, 0.1, 1);
  assert.equal(lane.heavy, false);
});

test('An overrun moves at once, and for longer', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false, ALONE);
  lane.overran(clock);
  assert.equal(lane.heavy, true);
  clock.advance(59_000);
  enter(lane, clock, 0.1, 100);
  assert.equal(lane.heavy, true);
  clock.advance(1_000);
  enter(lane, clock, 0.1, 1);
  assert.equal(lane.heavy, false);
});

test('A first entry that was slow moves for a while, and one for which the machine was slow until the next short one', () => {
  for (const [isProven, staysHeavy] of [
    [true, true],
    [false, false],
  ] as const) {
    const clock = createManualClock();
    const lane = new LaneChoice(false, ALONE);
    lane.slow(isProven, clock);
    assert.equal(lane.heavy, true);
    enter(lane, clock, 1, 1);
    assert.equal(lane.heavy, staysHeavy);
  }
});

test('A heap that is half full is heavy, whatever its entries take; a small one with garbage in it is not', () => {
  const MIB = 1024 ** 2;
  for (const [heapMib, limitMib, heavy] of [
    [31, 64, false],
    [32, 64, true],
    [5, 8, false],
    [6, 8, true],
  ] as const) {
    const lane = new LaneChoice(false, ALONE);
    lane.heapSeen(heapMib * MIB, limitMib * MIB, createManualClock());
    assert.equal(lane.heavy, heavy, `${heapMib} of ${limitMib} MiB`);
  }
});
