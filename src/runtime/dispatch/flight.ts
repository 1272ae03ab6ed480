import { randomBytes } from 'node:crypto';
import {
  type ColdReason,
  type Invocation,
  isNewerId,
  type ObservedInvocation,
  type ReadonlyIdTable,
  type TraceCarrier,
} from '../../core/index.ts';

/** Ids are counted in each cell; with this before them no two cells have the same. */
export const INVOCATION_ID_PREFIX: string = `${randomBytes(5).toString('hex')}-`;

/** An invocation that a function has accepted. */
export interface Flight extends ObservedInvocation {
  readonly id: number;
  readonly invocation: Invocation;
  /** What it counts for in the byte budgets. */
  readonly bytes: number;
  /** On the monotonic clock. */
  readonly acceptedMs: number;
  /** The function's limit, or what its caller waits for where that is less. */
  readonly grantedMs: number;
  /** When its caller hears of a time-out; after the reply, when what `waitUntil` keeps going is cancelled. */
  deadlineMs: number;
  startedMs: number;
  answered: boolean;
  /** It has been given to a guest, which may have given it back. */
  given: boolean;
  /** An entry that is over has begun it. */
  begun: boolean;
  /** What it has not begun is not begun any more: it was ended by force, or its time is over. */
  cutShort: boolean;
  /** The newest invocation that was in its instance when it ended; undefined until then. */
  heirsUpToId: number | undefined;
  /** Host calls that the host still works on. */
  pendingCalls: number;
  /** Whether a host call was begun in its name. */
  hasCalled: boolean;
  /** Whether one of these may be another invocation's. */
  calledForOthers: boolean;
  coldMs: number | undefined;
  coldReason: ColdReason | undefined;
  trace: TraceCarrier | undefined;
  /** Armed by it, or inherited. */
  timers: GuestTimer[] | undefined;
}

/**
 * Whom something falls to whose invocation has ended: a guest cannot tell for sure whose code runs after an `await`
 * of something shared, so it may be that of any other that was there.
 * @param flights in progress
 * @param newestId the newest that was there
 * @returns the oldest in progress
 */
export function heirOf(flights: ReadonlyIdTable<Flight>, newestId: number): Flight | undefined {
  const { oldest } = flights;
  return mayInherit(oldest, newestId) ? oldest : undefined;
}

/** @param newestId the newest that was there; 0 is nobody */
export function mayInherit(flight: Flight | undefined, newestId: number): flight is Flight {
  return flight !== undefined && newestId !== 0 && !isNewerId(flight.id, newestId);
}

/** A guest may leave as many timers behind as it likes, and each looks for somebody. */
const MOST_LOOKED_AT = 64;

/**
 * Who else may wait for something that an ended invocation has begun: one that waits for neither the host nor a timer
 * of its own waits for what somebody has shared with it, however new it is.
 */
export function strandedOf(flights: ReadonlyIdTable<Flight>): Flight | undefined {
  return flights.findOldest(isStranded, MOST_LOOKED_AT);
}

function isStranded({ begun, answered, pendingCalls, timers }: Flight): boolean {
  return begun && !answered && pendingCalls === 0 && (timers === undefined || timers.length === 0);
}

/** A timer that a guest has set, until it is given back to the guest. */
export interface GuestTimer {
  readonly id: number;
  /** Undefined once it is given back: a map may point to what has been in it for long afterwards (core/id-table.ts). */
  owner: Flight | undefined;
  readonly newestId: number;
  cancelled: boolean;
  stop: () => void;
}
