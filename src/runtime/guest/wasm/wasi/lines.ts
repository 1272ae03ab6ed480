/** What a module writes for people to read, handed over line by line. */
import { concatBytes } from '../../web/shared/idl.ts';

/** A longer line is cut into several. */
const MAX_LINE_BYTES = 8 * 1024;

export class Lines {
  readonly #onLine: (line: string) => void;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(bytes: Uint8Array): void {
    let rest = bytes;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#parts.push(rest.slice(0, end));
      this.end();
      rest = rest.subarray(end + 1);
    }
    for (; rest.length > 0; rest = rest.subarray(MAX_LINE_BYTES)) {
      const part = rest.slice(0, MAX_LINE_BYTES);
      this.#parts.push(part);
      this.#bytes += part.length;
      if (this.#bytes >= MAX_LINE_BYTES) this.end();
    }
  }

  /** Hands over what a line without an end has so far. */
  end(): void {
    if (this.#parts.length === 0) return;
    this.#onLine(runtime.decodeUtf8(join(this.#parts), false));
    this.#parts = [];
    this.#bytes = 0;
  }
}

/** One part, which is the rule, is handed on as it is. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? first : concatBytes(parts);
}
