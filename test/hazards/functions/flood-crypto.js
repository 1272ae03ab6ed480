// class: flood
// tries: to keep the host at work by keys and passwords that are dear
// expects: ok HS_FUNCTION_TIMEOUT HS_HOST_CALL_LIMIT HS_FUNCTION_CPU
// kills: no
// limits: timeout=2s
// calls: 2

export default {
  async message(msg, env, ctx) {
    const rsa = {
      name: 'RSA-PSS',
      modulusLength: 16_384,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-512',
    };
    const password = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
    const slow = { name: 'PBKDF2', salt: new Uint8Array(8), iterations: 2 ** 31 - 1, hash: 'SHA-512' };
    const all = [];
    for (let index = 0; index < 50; index += 1) {
      all.push(
        crypto.subtle.generateKey({ ...rsa, modulusLength: 4_096 }, true, ['sign', 'verify']).catch(() => {}),
      );
      all.push(crypto.subtle.generateKey(rsa, true, ['sign', 'verify']).catch(() => {}));
      all.push(crypto.subtle.deriveBits(slow, password, 2 ** 20).catch(() => {}));
      all.push(crypto.subtle.digest('SHA-512', new Uint8Array(2 ** 16)).catch(() => {}));
    }
    await Promise.all(all);
    return 'contained';
  },
};
