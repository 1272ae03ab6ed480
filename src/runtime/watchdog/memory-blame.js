// @ts-check

/** A function that brought less than this share of the limit is not blamed for what others brought. */
const BLAMED_SHARE = 0.25;

/**
 * Whose doing it is that a process has grown. Whoever is inside when the limit is passed may have taken the
 * last page of many: so growth is noted, at each look, for the functions that are inside, or else for the one entered last, and
 * what the process gives back is taken from them.
 */
export class MemoryBlame {
  /** Bytes by mark. @type {Map<number, number>} */
  #grown = new Map();
  #lastBytes = 0;

  /**
   * @param {number} rssBytes
   * @param {readonly number[]} marks of the functions inside, or of the one entered last; 0 for none
   */
  note(rssBytes, marks) {
    const delta = this.#lastBytes === 0 ? 0 : (rssBytes - this.#lastBytes) / marks.length;
    this.#lastBytes = rssBytes;
    if (delta === 0) return;
    for (const mark of marks) {
      if (mark === 0) continue;
      const grown = (this.#grown.get(mark) ?? 0) + delta;
      if (grown > 0) this.#grown.set(mark, grown);
      else this.#grown.delete(mark);
    }
  }

  /**
   * @param {number} limitBytes
   * @returns {number} the mark of the function that brought most; 0 when none brought much
   */
  culprit(limitBytes) {
    let mark = 0;
    let most = limitBytes * BLAMED_SHARE;
    for (const [candidate, grown] of this.#grown) {
      if (grown < most) continue;
      most = grown;
      mark = candidate;
    }
    return mark;
  }
}
