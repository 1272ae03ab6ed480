/** What an http binding decodes (hostservices/http/decode.ts). */
const DECODED = ['gzip', 'x-gzip', 'deflate', 'br', 'identity', ''];

/**
 * Names and values of an answer's headers in turn, without those that are no longer so where its body was decoded:
 * whoever hands both on would send plain bytes as encoded ones.
 */
export function asDecoded(pairs: readonly string[]): readonly string[] {
  const nameAt = (at: number): string => (pairs[at - (at % 2)] as string).toLowerCase();
  const encodings = pairs.filter((_, at) => at % 2 === 1 && nameAt(at) === 'content-encoding');
  if (encodings.length === 0 || !encodings.every(isDecoded)) return pairs;
  return pairs.filter((_, at) => !['content-encoding', 'content-length'].includes(nameAt(at)));
}

function isDecoded(encodings: string): boolean {
  return encodings.split(',').every((each) => DECODED.includes(each.trim().toLowerCase()));
}
