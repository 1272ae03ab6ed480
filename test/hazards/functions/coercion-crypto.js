// class: coercion
// tries: to confuse Web Crypto by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s

import { confuse } from '../shared/odd-arguments.js';

export default {
  message(msg, env, ctx) {
    return confuse(crypto.subtle, [
      'digest',
      'generateKey',
      'importKey',
      'sign',
      'verify',
      'encrypt',
      'deriveBits',
      'deriveKey',
      'wrapKey',
      'unwrapKey',
      'exportKey',
    ]);
  },
};
