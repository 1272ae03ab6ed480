/** How many deaths within the window suspend the function that caused them. */
const KILLS_TO_SUSPEND = 5;
const WINDOW_MS = 60_000;
/** Thirds do not add up exactly. */
const ROUNDING = 1e-6;

interface Kill {
  readonly atMs: number;
  /** 1, or less when it may have been another function. */
  readonly share: number;
}

/** Which functions killed cells lately, and which of them are suspended for it. */
export class Suspensions {
  readonly #kills = new Map<string, readonly Kill[]>();
  readonly #reasons = new Map<string, string>();

  /** Undefined when the function is not suspended. */
  reasonOf(functionId: string): string | undefined {
    return this.#reasons.get(functionId);
  }

  /**
   * @param share how surely it was this function: 1, or less when several come into question
   * @returns the reason, when the function has now killed so often that it is suspended
   */
  count(functionId: string, code: string, nowMs: number, share: number = 1): string | undefined {
    const recent = (this.#kills.get(functionId) ?? []).filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    const kills = [...recent, { atMs: nowMs, share }];
    this.#kills.set(functionId, kills);
    if (kills.reduce((sum, kill) => sum + kill.share, 0) < KILLS_TO_SUSPEND - ROUNDING) return undefined;
    const reason = `it killed ${KILLS_TO_SUSPEND} cells within a minute (${code})`;
    this.#reasons.set(functionId, reason);
    return reason;
  }

  /** The function begins anew. @returns why it was suspended */
  lift(functionId: string): string | undefined {
    const reason = this.#reasons.get(functionId);
    this.#reasons.delete(functionId);
    this.#kills.delete(functionId);
    return reason;
  }

  /** Takes `lift` back. */
  restore(functionId: string, reason: string | undefined): void {
    if (reason !== undefined) this.#reasons.set(functionId, reason);
  }
}
