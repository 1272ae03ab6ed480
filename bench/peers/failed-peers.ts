import type { Peer } from './peer.ts';

/** Peers that have failed, with the reason; what is our own fails the run instead. */
export class FailedPeers {
  readonly #reasons = new Map<Peer, string>();

  get notes(): readonly string[] {
    return [...this.#reasons].map(
      ([{ title }, reason]) => `${title}: left out, because it failed: ${reason}`,
    );
  }

  has(peer: Peer): boolean {
    return this.#reasons.has(peer);
  }

  /** @returns undefined when the peer failed now or before */
  async attempt<Result>(peer: Peer, measure: () => Promise<Result>): Promise<Result | undefined> {
    if (this.has(peer)) return undefined;
    try {
      return await measure();
    } catch (error) {
      if (peer.needs === undefined) throw error;
      this.#reasons.set(peer, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}
