/** wasi:random. The insecure ones are as good as the others. */
import type { HostTable } from './state.ts';

/** What the host gives at once. */
const PART_BYTES = 65_536;
const MAX_BYTES = 16 * 1024 ** 2;

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length > MAX_BYTES) throw new RangeError(`It asks for more than ${MAX_BYTES} random bytes`);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += PART_BYTES) {
    const part = runtime.door('random', Math.min(PART_BYTES, length - at));
    if (!(part instanceof ArrayBuffer)) throw new TypeError('The host gives no random bytes');
    bytes.set(new Uint8Array(part), at);
  }
  return bytes;
}

function randomU64(): bigint {
  return new DataView(randomBytes(8).buffer).getBigUint64(0, true);
}

const bytes = (_state: unknown, [length]: readonly [bigint]): Uint8Array => randomBytes(Number(length));

export const RANDOM: HostTable = {
  'wasi:random/random#get-random-bytes': bytes,
  'wasi:random/random#get-random-u64': randomU64,
  'wasi:random/insecure#get-insecure-random-bytes': bytes,
  'wasi:random/insecure#get-insecure-random-u64': randomU64,
  'wasi:random/insecure-seed#insecure-seed': () => [randomU64(), randomU64()],
};
