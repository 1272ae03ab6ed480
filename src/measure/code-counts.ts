/** A function may make up as many codes as it has answers. */
const MAX_CODES = 16;
const OTHERS = 'other codes';

/** How many error replies had each code. */
export class CodeCounts {
  readonly #counts = new Map<string, number>();

  /** Bound, so that it can be handed to who looks at replies. */
  readonly add = (code: string): void => {
    const key = this.#counts.has(code) || this.#counts.size < MAX_CODES ? code : OTHERS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  };

  toPairs(): readonly (readonly [code: string, count: number])[] {
    return [...this.#counts];
  }
}
