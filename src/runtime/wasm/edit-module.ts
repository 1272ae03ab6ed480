import { encodeUnsigned } from './binary-reader.ts';
import type { Section } from './module-outline.ts';

/** Bytes in the place of those from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** `edits` do not overlap, in any order. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const edit of edits.toSorted((one, other) => one.start - other.start)) {
    parts.push(bytes.subarray(at, edit.start), edit.bytes);
    at = edit.end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

export function sectionBytes(id: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([id, ...encodeUnsigned(content.length)]), content]);
}

export function replaceSection({ id, start, end }: Section, content: Uint8Array): Edit {
  return { start, end, bytes: sectionBytes(id, content) };
}
