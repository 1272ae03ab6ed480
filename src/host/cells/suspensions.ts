/** After so many deaths within the window the function that caused them gets a cell of its own. */
const KILLS_TO_QUARANTINE = 2;
/** And after so many it is not served any more. */
const KILLS_TO_SUSPEND = 5;
const WINDOW_MS = 60_000;
/** Thirds do not add up exactly. */
const ROUNDING = 1e-6;

interface Kill {
  readonly atMs: number;
  /** 1, or less when it may have been another function. */
  readonly share: number;
}

/** What has become of a function that kills cells. */
export interface Sentence {
  /** `quarantined`: it runs in a cell of its own. `suspended`: it is not served. */
  readonly state: 'quarantined' | 'suspended';
  readonly reason: string;
}

/** Which functions killed cells lately, and which of them are quarantined or suspended for it. */
export class Suspensions {
  readonly #kills = new Map<string, readonly Kill[]>();
  readonly #sentences = new Map<string, Sentence>();

  /** Undefined when the function has none. */
  sentenceOf(functionId: string): Sentence | undefined {
    return this.#sentences.get(functionId);
  }

  /** Undefined when the function is not suspended. */
  reasonOf(functionId: string): string | undefined {
    const sentence = this.#sentences.get(functionId);
    return sentence?.state === 'suspended' ? sentence.reason : undefined;
  }

  /**
   * @param share how surely it was this function: 1, or less when several come into question
   * @returns the sentence, when the function has now killed so often that it gets another one
   */
  count(functionId: string, code: string, nowMs: number, share: number = 1): Sentence | undefined {
    const recent = (this.#kills.get(functionId) ?? []).filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    const kills = [...recent, { atMs: nowMs, share }];
    this.#kills.set(functionId, kills);
    const count = kills.reduce((sum, kill) => sum + kill.share, 0) + ROUNDING;
    if (count >= KILLS_TO_SUSPEND) return this.#pass('suspended', functionId, KILLS_TO_SUSPEND, code);
    if (count < KILLS_TO_QUARANTINE || this.#sentences.has(functionId)) return undefined;
    return this.#pass('quarantined', functionId, KILLS_TO_QUARANTINE, code);
  }

  #pass(state: Sentence['state'], functionId: string, kills: number, code: string): Sentence {
    const sentence: Sentence = { state, reason: `it killed ${kills} cells within a minute (${code})` };
    this.#sentences.set(functionId, sentence);
    return sentence;
  }

  /** The function could not be given a cell of its own. */
  pardon(functionId: string): void {
    this.#sentences.delete(functionId);
  }

  /** The function begins anew. @returns what it was sentenced to */
  lift(functionId: string): Sentence | undefined {
    const sentence = this.#sentences.get(functionId);
    this.#sentences.delete(functionId);
    this.#kills.delete(functionId);
    return sentence;
  }

  /** Takes `lift` back, and what is held against the function since. */
  restore(functionId: string, sentence: Sentence | undefined): void {
    this.lift(functionId);
    if (sentence !== undefined) this.#sentences.set(functionId, sentence);
  }
}
