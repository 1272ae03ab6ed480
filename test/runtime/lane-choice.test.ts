import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneChoice } from '../../src/runtime/dispatch/lane-choice.ts';
import { createManualClock } from '../control/support/manual-clock.ts';

function enter(lane: LaneChoice, clock: ReturnType<typeof createManualClock>, tookMs: number, times: number) {
  for (let index = 0; index < times; index += 1) lane.entered(tookMs, clock);
}

test('A function with a long limit of its own is heavy whatever is seen of it', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(true);
  clock.advance(1_000_000);
  enter(lane, clock, 0.01, 1_000);
  assert.equal(lane.heavy, true);
});

test('One long entry among short ones moves nothing, a run of them does', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false);
  for (let round = 0; round < 20; round += 1) {
    enter(lane, clock, 0.1, 20);
    enter(lane, clock, 45, 1);
  }
  assert.equal(lane.heavy, false);
  enter(lane, clock, 25, 10);
  assert.equal(lane.heavy, true);
});

test('A function that is slow by the wall clock and not by its processor time stays', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false);
  for (let entry = 0; entry < 1_000; entry += 1) lane.entered(lane.examines ? 2 : 40, clock);
  assert.equal(lane.heavy, false);
});

test('Entries just under the bound stay on the main thread', () => {
  const lane = new LaneChoice(false);
  enter(lane, createManualClock(), 9.9, 10_000);
  assert.equal(lane.heavy, false);
});

test('A function whose entries have become short comes back, and not at once', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false);
  enter(lane, clock, 40, 10);
  enter(lane, clock, 0.1, 1_000);
  assert.equal(lane.heavy, true);
  clock.advance(10_000);
  enter(lane, clock, 0.1, 1);
  assert.equal(lane.heavy, false);
});

test('An overrun moves at once, and for longer', () => {
  const clock = createManualClock();
  const lane = new LaneChoice(false);
  lane.overran(clock);
  assert.equal(lane.heavy, true);
  clock.advance(59_000);
  enter(lane, clock, 0.1, 100);
  assert.equal(lane.heavy, true);
  clock.advance(1_000);
  enter(lane, clock, 0.1, 1);
  assert.equal(lane.heavy, false);
});

test('A heap that is half full is heavy, whatever its entries take; a small one with garbage in it is not', () => {
  const MIB = 1024 ** 2;
  for (const [heapMib, limitMib, heavy] of [
    [31, 64, false],
    [32, 64, true],
    [5, 8, false],
    [6, 8, true],
  ] as const) {
    const lane = new LaneChoice(false);
    lane.heapSeen(heapMib * MIB, limitMib * MIB, createManualClock());
    assert.equal(lane.heavy, heavy, `${heapMib} of ${limitMib} MiB`);
  }
});
