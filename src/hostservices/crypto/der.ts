/**
 * Looks at the algorithm that a key names before OpenSSL reads the key. For kinds that Web Crypto does not
 * have, OpenSSL computes the public key as it reads the private one, on the cell's own thread and with
 * numbers of any size: 6 seconds for a DSA key of 4 KB.
 */

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OBJECT_ID = 0x06;

/** Of `ecPublicKey`; its parameters are to be the name of a curve. */
const EC_PUBLIC_KEY = '2a8648ce3d0201';
/** Object identifiers of the keys that there are, in hex as DER has them. */
const KNOWN: ReadonlySet<string> = new Set([
  // rsaEncryption
  '2a864886f70d010101',
  EC_PUBLIC_KEY,
  // X25519, X448, Ed25519, Ed448
  '2b656e',
  '2b656f',
  '2b6570',
  '2b6571',
  // ML-DSA-44, -65, -87
  '608648016503040311',
  '608648016503040312',
  '608648016503040313',
  // ML-KEM-512, -768, -1024
  '608648016503040401',
  '608648016503040402',
  '608648016503040403',
]);

/** Whether DER of this format (PKCS #8 or SubjectPublicKeyInfo) holds a key of a kind that Web Crypto has. */
export function isKnownKey(format: 'pkcs8' | 'spki', der: Uint8Array): boolean {
  const whole = open(der, 0, SEQUENCE);
  if (whole === undefined) return false;
  let at = whole.start;
  if (format === 'pkcs8') {
    const version = open(der, at, INTEGER);
    if (version === undefined) return false;
    at = version.end;
  }
  const algorithm = open(der, at, SEQUENCE);
  const id = algorithm && open(der, algorithm.start, OBJECT_ID);
  if (id === undefined) return false;
  const hex = Buffer.from(der.subarray(id.start, id.end)).toString('hex');
  if (hex === EC_PUBLIC_KEY && der[id.end] !== OBJECT_ID) return false;
  return KNOWN.has(hex);
}

/** Where the contents of the value at `at` are, when it has this tag and a definite length. */
function open(der: Uint8Array, at: number, tag: number): { start: number; end: number } | undefined {
  const first = der[at + 1];
  if (der[at] !== tag || first === undefined) return undefined;
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count === 0 || count > 3) return undefined;
    length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + (der[start + index] ?? 0);
    start += count;
  }
  const end = start + length;
  return end <= der.length ? { start, end } : undefined;
}
