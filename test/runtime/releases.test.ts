/** What is kept open for others is released in time, and keeping it costs little however much there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdTable } from '../../src/core/index.ts';
import { type Flight, heirOf } from '../../src/runtime/dispatch/flight.ts';
import { MAX_KEPT, Releases } from '../../src/runtime/dispatch/releases.ts';
import { CountingFlights } from '../support/counting-flights.ts';
import { flightOf } from '../support/flight.ts';

function createReleases() {
  const flights = new CountingFlights();
  const released: number[] = [];
  const binding = {
    call: () => Promise.reject(new Error('never')),
    ended: (id: number) => released.push(id),
  };
  const releases = new Releases(flights, new Map([['HOST', binding]]));
  let newestId = 0;
  return {
    flights,
    released,
    releases,
    begin(): Flight {
      newestId += 1;
      const flight = flightOf(newestId);
      flights.set(flight.id, flight);
      return flight;
    },
    end(flight: Flight): void {
      flights.delete(flight.id);
      flight.heirsUpToId = newestId;
      releases.ended(flight);
    },
  };
}

test('What goes on after its invocation costs the same however many such are kept for another one', () => {
  const { flights, released, releases, begin, end } = createReleases();
  const slow = begin();
  for (let count = 0; count < 2_000; count += 1) {
    const quick = begin();
    end(quick);
    releases.callDone(quick);
    releases.callDone(quick);
  }
  assert.deepEqual(released, []);
  assert.ok(flights.asked < 10_000, `the invocations were looked at ${flights.asked} times`);
  end(slow);
  assert.deepEqual(
    released,
    Array.from({ length: 2_000 }, (_, index) => index + 2),
  );
});

test('What is kept is bounded, and what is released early is what has been kept for longest', () => {
  const { released, releases, begin, end } = createReleases();
  begin();
  for (let count = 0; count < MAX_KEPT + 3; count += 1) {
    const quick = begin();
    end(quick);
    releases.callDone(quick);
  }
  assert.deepEqual(released, [2, 3, 4]);
});

test('Of two calls that are done in another order than their invocations neither is released too early', () => {
  const { released, releases, begin, end } = createReleases();
  const [slow, first, second] = [begin(), begin(), begin()];
  end(first);
  const late = begin();
  end(second);
  releases.callDone(second);
  releases.callDone(first);
  end(slow);
  assert.deepEqual(released, []);
  end(late);
  assert.deepEqual(released, [second.id, first.id]);
});

test('With its instance everything that was kept is released', () => {
  const { released, releases, begin, end } = createReleases();
  begin();
  const quick = begin();
  end(quick);
  releases.callDone(quick);
  assert.deepEqual(released, []);
  releases[Symbol.dispose]();
  assert.deepEqual(released, [quick.id]);
});

test('Ids that start anew make an invocation neither the oldest nor the newest', () => {
  const lastId = 2 ** 31 - 1;
  const flights = new IdTable<Flight>();
  flights.set(lastId, flightOf(lastId));
  assert.equal(heirOf(flights, 1)?.id, lastId, 'it is older than the one that came after it');
  assert.equal(heirOf(flights, 0), undefined, 'there was nobody');

  const released: number[] = [];
  const call = () => Promise.reject(new Error('never'));
  const releases = new Releases(
    flights,
    new Map([['HOST', { call, ended: (id: number) => released.push(id) }]]),
  );
  const shared = Object.assign(flightOf(lastId - 1), { heirsUpToId: lastId });
  releases.callDone(shared);
  flights.set(1, flightOf(1));
  assert.deepEqual(released, [], 'the other one may go on with it');
  flights.delete(lastId);
  releases.ended(Object.assign(flightOf(lastId), { heirsUpToId: 1 }));
  assert.deepEqual(released, [lastId - 1], 'nobody is left who was there');
});
