import { createHmac, hash } from 'node:crypto';

/** Web Crypto's digests by OpenSSL's names. */
const DIGESTS: Readonly<Record<string, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA3-256': 'sha3-256',
  'SHA3-384': 'sha3-384',
  'SHA3-512': 'sha3-512',
};
/** A digest of so much takes 0.2 ms; more is for a thread of its own. */
const MAX_DIGEST_BYTES = 65_536;
const MAX_HMAC_KEY_BYTES = 4_096;

/** OpenSSL's name of a digest that is made at once. */
function digestOf(name: unknown, data: ArrayBuffer): string | undefined {
  if (typeof name !== 'string' || data.byteLength > MAX_DIGEST_BYTES) return undefined;
  return Object.hasOwn(DIGESTS, name) ? DIGESTS[name] : undefined;
}

/** A copy, because Node may keep several small buffers in one. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Operations of the door: a host call, and a thread of its own, cost many times what a small digest does. */
export const DIGEST_OPERATIONS = {
  digest(name: unknown, data: unknown): ArrayBuffer | undefined {
    if (!(data instanceof ArrayBuffer)) return undefined;
    const algorithm = digestOf(name, data);
    if (algorithm === undefined) return undefined;
    return ownBuffer(hash(algorithm, new Uint8Array(data), 'buffer'));
  },
  hmac(name: unknown, key: unknown, data: unknown): ArrayBuffer | undefined {
    if (!(key instanceof ArrayBuffer && data instanceof ArrayBuffer)) return undefined;
    const algorithm = digestOf(name, data);
    if (algorithm === undefined || key.byteLength > MAX_HMAC_KEY_BYTES) return undefined;
    return ownBuffer(createHmac(algorithm, new Uint8Array(key)).update(new Uint8Array(data)).digest());
  },
} as const;
