import { createPublicKey, sign } from 'node:crypto';
import { Prefix } from '@nats-io/nkeys';
import { Codec } from '@nats-io/nkeys/lib/codec.js';
import type { Authenticator } from '@nats-io/transport-node';
import { ed25519Key, HairspringError } from '../core/index.ts';

const CREDENTIALS = /BEGIN NATS USER JWT-+\s+(?<jwt>\S+)[\s\S]*BEGIN USER NKEY SEED-+\s+(?<seed>SU\w+)/;
const PUBLIC_KEY_BYTES = 32;

/**
 * As the client library's authenticator for the text of a `.creds` file, but it signs by `node:crypto`: the
 * library's own JavaScript would hold up the cell, and the first call of a function, for 25 ms (docs/decisions/0022).
 */
export function credentialsAuthenticator(current: () => string): Authenticator {
  return (nonce) => {
    const { jwt, seed } = CREDENTIALS.exec(current())?.groups ?? {};
    if (jwt === undefined || seed === undefined)
      throw new HairspringError('HS_INTERNAL', 'Cannot connect: the credentials cannot be parsed');
    const encoder = new TextEncoder();
    const key = ed25519Key(Codec.decodeSeed(encoder.encode(seed)).buf);
    const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
    const nkey = Codec.encode(Prefix.User, new Uint8Array(der.subarray(-PUBLIC_KEY_BYTES)));
    return {
      jwt,
      nkey: new TextDecoder().decode(nkey),
      sig: sign(null, encoder.encode(nonce ?? ''), key).toString('base64'),
    };
  };
}
