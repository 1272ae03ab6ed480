export interface Checksum {
  add(bytes: Uint8Array): void;
  /** Unsigned. */
  value(): number;
}

/** RFC 1952, section 8. */
export function createCrc32(): Checksum {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let word = byte;
    for (let bit = 0; bit < 8; bit += 1) word = (word & 1 ? 0xedb88320 : 0) ^ (word >>> 1);
    table[byte] = word;
  }
  let crc = -1;
  return {
    add(bytes) {
      let word = crc;
      for (let at = 0; at < bytes.length; at += 1)
        word = (table[(word ^ (bytes[at] as number)) & 0xff] as number) ^ (word >>> 8);
      crc = word;
    },
    value: () => ~crc >>> 0,
  };
}

/** So many sums fit 32 bits before they must be reduced. */
const ADLER_STRIDE = 3_800;
const ADLER_BASE = 65_521;

/** RFC 1950, section 8. */
export function createAdler32(): Checksum {
  let low = 1;
  let high = 0;
  return {
    add(bytes) {
      for (let start = 0; start < bytes.length; start += ADLER_STRIDE) {
        const end = Math.min(start + ADLER_STRIDE, bytes.length);
        for (let at = start; at < end; at += 1) {
          low += bytes[at] as number;
          high += low;
        }
        low %= ADLER_BASE;
        high %= ADLER_BASE;
      }
    },
    value: () => ((high << 16) | low) >>> 0,
  };
}
