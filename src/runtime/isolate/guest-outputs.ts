import type { Extra } from '../wire/batch.ts';

/**
 * What one entry may hand out; a function that passes it is ended. The guest's own outbox stops before:
 * whoever gets here has broken it.
 */
export const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;
/** Of these the text that is parsed. */
const MAX_JSON_CHARS = 48 * 1024 ** 2;
const MAX_OUTPUTS = 4_096;

export interface GuestOutput {
  readonly json: string;
  readonly extras: readonly Extra[];
}

/** Collects what a guest hands out in one entry, within bounds. */
export class GuestOutputs {
  #outputs: GuestOutput[] = [];
  #bytes = 0;
  #jsonChars = 0;
  #malformed = false;

  /** Never throws: the guest would see the error. */
  receive(json: unknown, extras: readonly unknown[]): void {
    if (typeof json !== 'string' || !extras.every(isExtra)) {
      this.#malformed = true;
      return;
    }
    this.#bytes += json.length;
    this.#jsonChars += json.length;
    for (const extra of extras) this.#bytes += typeof extra === 'string' ? extra.length : extra.byteLength;
    if (!this.flooded) this.#outputs.push({ json, extras });
  }

  /** It handed out more than it may. */
  get flooded(): boolean {
    return (
      this.#bytes > MAX_OUTPUT_BYTES ||
      this.#jsonChars > MAX_JSON_CHARS ||
      this.#outputs.length >= MAX_OUTPUTS
    );
  }

  /** Something was neither text nor bytes; this stays so. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /** All so far; the next entry begins with none. */
  take(): readonly GuestOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#bytes = 0;
    this.#jsonChars = 0;
    return outputs;
  }
}

function isExtra(value: unknown): value is Extra {
  return typeof value === 'string' || value instanceof ArrayBuffer;
}
