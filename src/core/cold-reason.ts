/**
 * Why a function had no instance when a message came, so that one had to be made.
 *
 * - `first`: it was not called before since it was deployed or its node started
 * - `evicted`: its instance was idle for long, or the least recently used of too many or too large ones
 * - `crash`: its isolate was lost, as by passing its memory limit, or its cell died
 * - `interrupted`: a call overran `limits.cpu`, after which an instance takes no more calls
 * - `recycled`: its instance was old, had served many calls, or its heap stayed nearly full
 * - `version`: another version took its place
 * - `spill`: its other instances were full; not while a cell has one instance of each function
 */
export const COLD_REASONS = [
  'first',
  'evicted',
  'crash',
  'interrupted',
  'recycled',
  'version',
  'spill',
] as const;

export type ColdReason = (typeof COLD_REASONS)[number];

/** How often there was each reason. */
export type ColdCounts = Readonly<Record<ColdReason, number>>;

export function noColdStarts(): Record<ColdReason, number> {
  return { first: 0, evicted: 0, crash: 0, interrupted: 0, recycled: 0, version: 0, spill: 0 };
}
