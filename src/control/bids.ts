import { nuid } from '@nats-io/nuid';
import type { Clock } from '../core/index.ts';

/** How long a bid can be deployed to. */
const BID_TTL_MS = 10_000;
/** Bids kept at once; a flood of auctions pushes out the oldest. */
const MAX_BIDS = 10_000;

/** The bids that this node has made. A bid may be used any number of times until it expires. */
export interface BidBook {
  /** Makes a bid and returns its id. */
  place(): string;
  isOpen(bidId: string): boolean;
}

export function createBidBook(clock: Clock): BidBook {
  /** Expiry by bid id; in order of insertion, so the oldest are first. */
  const expiries = new Map<string, number>();

  function prune(nowMs: number): void {
    for (const [bidId, expiresAtMs] of expiries) {
      if (expiresAtMs > nowMs && expiries.size < MAX_BIDS) return;
      expiries.delete(bidId);
    }
  }

  return {
    place() {
      const nowMs = clock.monotonicMs();
      prune(nowMs);
      const bidId = nuid.next();
      expiries.set(bidId, nowMs + BID_TTL_MS);
      return bidId;
    },
    isOpen: (bidId) => (expiries.get(bidId) ?? 0) > clock.monotonicMs(),
  };
}
