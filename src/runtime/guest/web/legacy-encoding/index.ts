/** The encodings of old, of which each has tables; by far the largest part of the Encoding standard. */
import { TextDecoder } from '@exodus/bytes/encoding.js';

interface LegacyDecoder {
  /** The name of the encoding in lower case. */
  readonly encoding: string;
  decode(bytes: Uint8Array, options: { readonly stream: boolean }): string;
}

/** @throws RangeError for a label that names no encoding */
function createDecoder(label: string, fatal: boolean): LegacyDecoder {
  return new TextDecoder(label, { fatal });
}

export const internals = { createDecoder };
