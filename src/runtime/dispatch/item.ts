import type { HairspringError, HostCallResult, ReadonlyIdTable } from '../../core/index.ts';
import type { BatchEncoder } from '../wire/batch.ts';
import type { Flight, GuestTimer } from './flight.ts';

/** What waits to be told to a guest. */
export type Item =
  | { readonly kind: 'invoke'; readonly flight: Flight }
  | { readonly kind: 'completed'; readonly callId: number; readonly result: HostCallResult }
  | { readonly kind: 'failed'; readonly callId: number; readonly error: HairspringError }
  | { readonly kind: 'abort'; readonly id: number; readonly ended: boolean; readonly error: HairspringError }
  | { readonly kind: 'dropped'; readonly callId: number }
  | { readonly kind: 'timer'; readonly timer: GuestTimer }
  | { readonly kind: 'cancelled'; readonly timerId: number };

/** Whether the guest runs code of the function for it, rather than forget something. */
export function runsCode({ kind }: Item): boolean {
  return kind !== 'cancelled' && kind !== 'dropped';
}

/**
 * Adds an item to what the guest is given next.
 * @param flights in progress
 * @returns whether it still matters
 */
export function encodeItem(
  encoder: BatchEncoder,
  item: Item,
  flights: ReadonlyIdTable<Flight>,
  nowMs: number,
): boolean {
  switch (item.kind) {
    case 'invoke': {
      const { id, invocation, deadlineMs, trace } = item.flight;
      if (!flights.has(id)) return false;
      item.flight.startedMs = nowMs;
      const { triggerIndex, subject, reply, headers, data, text } = invocation;
      const leftMs = Math.max(0, Math.round(deadlineMs - nowMs));
      encoder.invoke(id, triggerIndex, subject, reply !== '', leftMs, headers, data, text, trace);
      return true;
    }
    case 'completed':
      encoder.completed(item.callId, item.result.value, item.result.data);
      return true;
    case 'failed':
      encoder.failed(item.callId, item.error);
      return true;
    case 'abort':
      encoder.abort(item.id, item.ended, item.error);
      return true;
    case 'dropped':
      encoder.dropped(item.callId);
      return true;
    case 'timer':
      if (item.timer.cancelled) return false;
      encoder.timer(item.timer.id);
      return true;
    case 'cancelled':
      encoder.cancelled(item.timerId);
      return true;
  }
}
