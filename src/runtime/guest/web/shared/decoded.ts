/** What an http binding decodes (hostservices/http/decode.ts); the body is then no longer as its header says. */
const DECODED = ['gzip', 'x-gzip', 'deflate', 'br', 'identity', ''];

/** Whether a body with these values of `content-encoding` has been decoded. */
export function isDecoded(encodings: readonly string[]): boolean {
  return encodings.every((value) =>
    value.split(',').every((each) => DECODED.includes(each.trim().toLowerCase())),
  );
}
