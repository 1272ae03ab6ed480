import { IdTable } from '../../src/core/index.ts';
import type { Flight } from '../../src/runtime/dispatch/flight.ts';

/** Invocations in progress that count how often the oldest was looked for. */
export class CountingFlights extends IdTable<Flight> {
  asked = 0;

  override get oldest(): Flight | undefined {
    this.asked += 1;
    return super.oldest;
  }
}
