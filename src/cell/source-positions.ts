import { HairspringError } from '../core/index.ts';

/** A place in a file, counted from 0. */
export interface SourcePosition {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** Of a mapping that names a place: four numbers, and what separates it from the next. */
const MIN_CHARS = 5;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
/** A digit has five bits of a number and says whether more follow; the lowest bit of all is the sign. */
const BITS = 5;
const MORE = 1 << BITS;
const MAX_SHIFT = 30;
const DIGITS = new Int8Array(128).fill(-1);
for (const [value, digit] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries())
  DIGITS[digit.charCodeAt(0)] = value;

/**
 * A source map, as four numbers for each place: Node's own takes seven times the memory, and for a large one a hundred
 * milliseconds of the thread and more. https://tc39.es/ecma426/
 */
export class SourcePositions {
  readonly #sources: readonly unknown[];
  /** Where the places of each line of the script begin. */
  readonly #lines: Int32Array;
  /** Column in the script, source, line and column there. */
  readonly #places: Int32Array;

  /** @throws HS_ARTIFACT_CORRUPT, SyntaxError */
  constructor(json: string) {
    const { mappings, sources } = JSON.parse(json) as { mappings?: unknown; sources?: unknown };
    if (typeof mappings !== 'string' || !Array.isArray(sources))
      throw unreadable('it lacks mappings or sources');
    this.#sources = sources;
    this.#lines = new Int32Array(countLines(mappings) + 1);
    this.#places = new Int32Array(4 * Math.ceil((mappings.length + 1) / MIN_CHARS));
    this.#decode(mappings);
  }

  /** Where the author wrote what is at this place of the script; undefined when the map does not say. */
  find(line: number, column: number): SourcePosition | undefined {
    const first = this.#lines[line] ?? 0;
    let [low, high] = [first, this.#lines[line + 1] ?? 0];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[4 * middle] ?? 0) <= column) low = middle + 1;
      else high = middle;
    }
    if (low <= first) return undefined;
    const [, index = 0, sourceLine = 0, sourceColumn = 0] = this.#places.subarray(4 * low - 4, 4 * low);
    const source = this.#sources[index];
    return typeof source === 'string' ? { source, line: sourceLine, column: sourceColumn } : undefined;
  }

  #decode(mappings: string): void {
    const [lines, places] = [this.#lines, this.#places];
    // The numbers of the place before, to which those of the next are added; a fifth would be a name.
    const last = new Int32Array(5);
    let line = 0;
    let end = 0;
    let field = 0;
    let value = 0;
    let shift = 0;
    for (let at = 0; at <= mappings.length; at += 1) {
      const code = at < mappings.length ? mappings.charCodeAt(at) : SEMICOLON;
      if (code === COMMA || code === SEMICOLON) {
        if (field >= 4) {
          places[end] = last[0] ?? 0;
          places[end + 1] = last[1] ?? 0;
          places[end + 2] = last[2] ?? 0;
          places[end + 3] = last[3] ?? 0;
          end += 4;
        }
        field = 0;
        if (code === COMMA) continue;
        line += 1;
        lines[line] = end / 4;
        last[0] = 0;
        continue;
      }
      const digit = DIGITS[code] ?? -1;
      if (digit === -1 || shift > MAX_SHIFT) throw unreadable('a mapping is none');
      value |= (digit & (MORE - 1)) << shift;
      shift += BITS;
      if ((digit & MORE) !== 0) continue;
      last[field] = (last[field] ?? 0) + ((value & 1) === 0 ? value >>> 1 : -(value >>> 1));
      field += 1;
      value = 0;
      shift = 0;
    }
  }
}

function countLines(mappings: string): number {
  let count = 1;
  for (let at = mappings.indexOf(';'); at !== -1; at = mappings.indexOf(';', at + 1)) count += 1;
  return count;
}

function unreadable(reason: string): HairspringError {
  return new HairspringError('HS_ARTIFACT_CORRUPT', `Cannot read a source map: ${reason}`);
}
