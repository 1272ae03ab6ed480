import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallGate, type CallRecord, MAX_WAITING_BYTES } from '../../src/runtime/dispatch/call-gate.ts';
import { flightOf } from '../support/flight.ts';

const RUNNING = 512;

function recordOf(argument: string, payload: string): CallRecord {
  const names = { id: 1, newestId: 1, label: 'HOST', op: 'put' };
  return { kind: 'call', callId: 1, ...names, args: [argument, 1, null], payload };
}

/** How many calls like `record` are taken, those that are carried out at once aside. */
function countWaiting(gate: CallGate, record: CallRecord): number {
  const flight = flightOf(1);
  let taken = 0;
  while (taken < 1_000_000 && gate.enter(flight, record)) taken += 1;
  return taken - RUNNING;
}

for (const [what, record, most] of [
  ['payloads', recordOf('', 'x'.repeat(10_000)), MAX_WAITING_BYTES / 10_000],
  ['arguments', recordOf('x'.repeat(10_000), ''), MAX_WAITING_BYTES / 10_000],
  ['neither', recordOf('', ''), MAX_WAITING_BYTES / 256],
] as const) {
  test(`Calls that wait are bounded by what they take: ${what}`, () => {
    let begun = 0;
    const gate = new CallGate({
      perform: () => {
        begun += 1;
      },
      isWanted: () => true,
      drop: () => undefined,
    });
    const waiting = countWaiting(gate, record);
    assert.equal(begun, RUNNING);
    assert.ok(waiting > 0.9 * most && waiting <= most, `${waiting} calls`);
    // What one leaves behind another takes.
    gate.ended(record, undefined);
    assert.equal(begun, RUNNING + 1);
    assert.equal(gate.enter(flightOf(1), record), true);
    assert.equal(gate.enter(flightOf(1), record), false);
  });
}
