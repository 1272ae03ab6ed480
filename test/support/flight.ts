import type { Flight } from '../../src/runtime/dispatch/flight.ts';

/** An invocation as it is when it has begun. */
export function flightOf(id: number): Flight {
  return {
    id,
    invocation: {
      triggerIndex: 0,
      subject: 's',
      reply: '',
      headers: undefined,
      data: new Uint8Array(0),
      succeed: () => undefined,
      fail: () => undefined,
    },
    bytes: 0,
    acceptedMs: 0,
    deadlineMs: 0,
    startedMs: 0,
    answered: false,
    pendingCalls: 0,
    hasCalled: false,
    calledForOthers: false,
    coldMs: undefined,
    coldReason: undefined,
    grantedMs: 1_000,
    given: true,
    begun: true,
    cutShort: false,
    heirsUpToId: undefined,
    trace: undefined,
    timers: undefined,
  };
}
