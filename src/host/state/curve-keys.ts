/** Keys in nkeys' text form, where its package takes only its own random ones. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const SEED = 144;
const CURVE = 184;
/** PKCS #8 around the 32 bytes of a private key. */
const PKCS8 = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };

/** The 32 bytes of a seed (`S…`), which has been checked before. */
export function seedBytes(seed: string): Uint8Array {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const letter of seed) {
    buffer = ((buffer << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((buffer >> bits) & 0xff);
  }
  return Uint8Array.from(bytes.slice(2, 34));
}

export function privateKey(kind: keyof typeof PKCS8, bytes: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from(PKCS8[kind], 'hex'), bytes]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** `SX…` */
export function toCurveSeed(bytes: Uint8Array): string {
  return encode([SEED | (CURVE >> 5), (CURVE & 31) << 3], bytes);
}

/** `X…`, the public key of the curve seed with these bytes. */
export function toCurvePublicKey(bytes: Uint8Array): string {
  const der = createPublicKey(privateKey('x25519', bytes)).export({ format: 'der', type: 'spki' });
  return encode([CURVE], der.subarray(-32));
}

function encode(prefix: readonly number[], bytes: Uint8Array): string {
  const body = [...prefix, ...bytes];
  const sum = crc16(body);
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of [...body, sum & 0xff, sum >> 8]) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((buffer >> bits) & 31);
    }
  }
  return bits === 0 ? text : text + ALPHABET.charAt((buffer << (5 - bits)) & 31);
}

/** CRC-16/XMODEM. */
function crc16(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}
