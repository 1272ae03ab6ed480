import type { Flight } from '../../src/runtime/dispatch/flight.ts';

/** Invocations in progress that count how often the oldest was looked for. */
export class CountingFlights extends Map<number, Flight> {
  asked = 0;

  override values(): MapIterator<Flight> {
    this.asked += 1;
    return super.values();
  }
}
