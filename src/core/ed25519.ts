import { createPrivateKey, type KeyObject } from 'node:crypto';

/** What RFC 8410 puts before the 32 bytes of an Ed25519 seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of the 32 bytes that an nkey's seed encodes, for `node:crypto`. */
export function ed25519Key(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, raw]), format: 'der', type: 'pkcs8' });
}
