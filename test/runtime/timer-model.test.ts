/** The timers of an instance against a model: none outlives who it belongs to, and none fires twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdTable } from '../../src/core/index.ts';
import type { Flight, GuestTimer } from '../../src/runtime/dispatch/flight.ts';
import { TimerTable } from '../../src/runtime/dispatch/timer-table.ts';
import { createManualClock } from '../control/support/manual-clock.ts';
import { CountingFlights } from '../support/counting-flights.ts';
import { flightOf } from '../support/flight.ts';

type Step =
  | { readonly do: 'start' }
  | { readonly do: 'end'; readonly which: number }
  | {
      readonly do: 'set';
      readonly timerId: number;
      readonly delayMs: number;
      readonly ownerId: number;
      readonly newestId: number;
    }
  | { readonly do: 'clear'; readonly timerId: number }
  | { readonly do: 'give' }
  | { readonly do: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: 'start' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(4) }) },
  {
    weight: 5,
    // Ids as a hostile guest makes them up.
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      timerId: fc.nat(6),
      delayMs: fc.constantFrom(0, 0.5, 5, 20, 1e9),
      ownerId: fc.nat(8),
      newestId: fc.nat(8),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clear' as const), timerId: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'give' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(30) }) },
);

test('A timer fires once at the most, for an invocation in progress, and is cleared with the last that may own it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = createManualClock();
      const flights = new IdTable<Flight>();
      const due: GuestTimer[] = [];
      const fired = new Set<GuestTimer>();
      const table = new TimerTable({
        clock,
        flights,
        onDue: (timer) => due.push(timer),
        onLog: () => undefined,
      });
      let lastId = 0;
      const give = (): void => {
        for (const timer of due.splice(0)) {
          assert.ok(!fired.has(timer), 'it fired twice');
          fired.add(timer);
          if (!timer.cancelled) table.remove(timer);
        }
      };
      for (const now of steps) {
        if (now.do === 'start') {
          lastId += 1;
          flights.set(lastId, flightOf(lastId));
        } else if (now.do === 'end') {
          const flight = [...flights.values()][now.which];
          if (flight === undefined) continue;
          flights.delete(flight.id);
          table.ended(flight);
        } else if (now.do === 'set') table.set({ kind: 'timer', ...now });
        else if (now.do === 'clear') table.clear(now.timerId);
        else if (now.do === 'give') give();
        else clock.advance(now.ms);

        const owned = [...flights.values()].flatMap(({ timers }) => timers ?? []);
        assert.equal(new Set(owned).size, owned.length, 'a timer has two owners');
        assert.equal(new Set(owned.map(({ id }) => id)).size, owned.length, 'two timers share an id');
        for (const { id, timers } of flights.values())
          for (const timer of timers ?? []) assert.ok(timer.owner?.id === id && !timer.cancelled);
        for (const timer of due) assert.ok(timer.cancelled || flights.has(timer.owner?.id ?? 0));
      }
      for (const flight of [...flights.values()]) {
        flights.delete(flight.id);
        table.ended(flight);
      }
      clock.advance(2e9);
      assert.ok(
        due.every(({ cancelled }) => cancelled),
        'a timer is left without an invocation',
      );
      table[Symbol.dispose]();
    }),
    { numRuns: 500 },
  );
});

test('Invocations that end at once hand on their timers without looking for an heir for each', () => {
  const clock = createManualClock();
  const flights = new CountingFlights();
  const due: GuestTimer[] = [];
  const table = new TimerTable({
    clock,
    flights,
    onDue: (timer) => due.push(timer),
    onLog: () => undefined,
  });
  const count = 500;
  for (let id = 1; id <= count; id += 1) flights.set(id, flightOf(id));
  for (let id = 1; id <= count; id += 1)
    table.set({ kind: 'timer', timerId: id, delayMs: 10, ownerId: id, newestId: count });
  for (const flight of [...flights.values()].slice(0, -1)) {
    flights.delete(flight.id);
    table.ended(flight);
  }
  assert.ok(flights.asked < 3 * count, `the oldest was looked for ${flights.asked} times`);
  clock.advance(10);
  assert.equal(due.length, count);
  const last = flights.get(count);
  assert.ok(last !== undefined);
  flights.delete(count);
  table.ended(last);
  assert.ok(due.every(({ cancelled }) => cancelled));
});
