/** What a module writes for people to read, handed over line by line. */
import { concatBytes } from '../../web/shared/idl.ts';

/** A longer line is cut into several. */
const MAX_LINE_BYTES = 8 * 1024;
const NEW_LINE = 10;

export class Lines {
  readonly #onLine: (line: string) => void;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const room = MAX_LINE_BYTES - this.#length;
      const end = rest.subarray(0, room + 1).indexOf(NEW_LINE);
      const part = rest.slice(0, end === -1 ? room : end);
      this.#parts.push(part);
      this.#length += part.length;
      rest = rest.subarray(end === -1 ? part.length : end + 1);
      if (end !== -1 || this.#length >= MAX_LINE_BYTES) this.end();
    }
  }

  /** Hands over what a line without an end has so far. */
  end(): void {
    if (this.#parts.length === 0) return;
    this.#onLine(runtime.decodeUtf8(join(this.#parts), false));
    this.#parts = [];
    this.#length = 0;
  }
}

/** One part, which is the rule, is handed on as it is. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? first : concatBytes(parts);
}
