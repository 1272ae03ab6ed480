/** Places for requests under way, each of which has one at a time. Disposing closes their connections. */
export interface OpenSlots extends AsyncDisposable {
  send(slot: number): void;
}

/** @param wrong the beginning of a reply that was not the expected one; undefined for a good one */
export type OnSlotReply = (slot: number, wrong: string | undefined) => void;

/** Opens so many places over some transport. */
export type OpenSlotsOf = (count: number, onReply: OnSlotReply) => Promise<OpenSlots>;

/** Beginning of a wrong reply that is kept. */
export const FIRST_WRONG_CHARS = 300;
