import type { EncodedBatch } from './batch.ts';

/**
 * isolated-vm makes an external string of each text of 1,024 bytes and more, which V8 puts into the old
 * generation. There it stays until the next full collection, which an isolate with a small heap makes only when
 * such texts have filled its memory limit. Parts of this many characters are copied, whatever their encoding.
 */
const PART_CHARS = 511;
/** A longer text is passed as it is: with what travels beside it, 255 arguments are too many for isolated-vm in places. */
const MAX_PARTS = 150;

/** A batch as arguments of the guest's `enter`: how many parts its JSON has, these, and what travels beside it. */
export function toArguments({ json, extras }: EncodedBatch): (string | number | ArrayBuffer)[] {
  const count = Math.ceil(json.length / PART_CHARS);
  if (count <= 1 || count > MAX_PARTS) return [1, json, ...extras];
  const all: (string | number | ArrayBuffer)[] = [count];
  for (let at = 0; at < json.length; at += PART_CHARS) all.push(json.slice(at, at + PART_CHARS));
  for (const extra of extras) all.push(extra);
  return all;
}
