import type { HostCall, HostCaller, ObservedCall, TraceCarrier } from '../../core/index.ts';
import type { Flight } from './flight.ts';

/** More names of one call are left out. */
const MAX_NAMES = 64;

/** A host call that somebody observes; host services see it in the place of its invocation. */
export class GuestCall implements ObservedCall, HostCaller {
  readonly flight: Flight;
  readonly label: string;
  readonly op: string;
  readonly args: HostCall['args'];
  readonly startedMs: number;
  readonly alsoNamed: string[] = [];
  trace: TraceCarrier | undefined;

  constructor(flight: Flight, call: HostCall & { readonly label: string }, startedMs: number) {
    this.flight = flight;
    this.label = call.label;
    this.op = call.op;
    this.args = call.args;
    this.startedMs = startedMs;
    this.trace = undefined;
  }

  get id(): number {
    return this.flight.id;
  }

  alsoNames(name: string): void {
    if (this.alsoNamed.length < MAX_NAMES) this.alsoNamed.push(name);
  }

  get deadlineMs(): number {
    return this.flight.deadlineMs;
  }

  get invocation(): Flight['invocation'] {
    return this.flight.invocation;
  }
}
