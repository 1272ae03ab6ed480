// @ts-check
import { Buffer } from 'node:buffer';
import { openSync, readSync } from 'node:fs';

/** A line of numbers, and no more. */
const LINE_BYTES = 256;
const BLANK = 32;
const ZERO = 48;
const NINE = 57;

/**
 * A file of one line of numbers that is read again and again. It stays open for the life of the process: looking its
 * name up, hundreds of times a second, costs several times what reading it does.
 */
export class ProcFile {
  /** @type {number | undefined} */
  #fd;
  #line = Buffer.alloc(LINE_BYTES);
  /** @type {[number, number]} */
  #pair = [0, 0];

  /** @param {string} path */
  constructor(path) {
    try {
      this.#fd = openSync(path, 'r');
    } catch {
      // There is no /proc here.
    }
  }

  /** @returns {Readonly<[number, number]> | undefined} its first two numbers until the next call; undefined where it cannot be read */
  readPair() {
    if (this.#fd === undefined) return undefined;
    let bytes = 0;
    try {
      bytes = readSync(this.#fd, this.#line, 0, LINE_BYTES, 0);
    } catch {
      return undefined;
    }
    let index = 0;
    let value = 0;
    for (let at = 0; at < bytes && index < 2; at += 1) {
      const byte = this.#line[at] ?? 0;
      if (byte >= ZERO && byte <= NINE) value = 10 * value + byte - ZERO;
      else if (byte === BLANK) {
        this.#pair[index] = value;
        index += 1;
        value = 0;
      } else return undefined;
    }
    return index === 2 ? this.#pair : undefined;
  }
}
