// class: bridge
// tries: to hand the host more at once than any door takes, by the buffer behind a few bytes and by long texts
// expects: ok
// kills: no
// limits: memory=512MiB cpu=5s timeout=10s
// calls: 4

const large = new ArrayBuffer(150 * 2 ** 20);
const text = `http://a/${'x'.repeat(2 ** 27)}`;
const few = new Uint8Array(8);

export default {
  async message(msg, env, ctx) {
    const typed = Object.getPrototypeOf(Uint8Array.prototype);
    const { buffer } = Object.getOwnPropertyDescriptors(typed);
    Object.defineProperty(typed, 'buffer', { get: () => large, configurable: true });
    for (let index = 0; index < 10; index += 1) {
      try {
        await crypto.subtle.digest('SHA-256', few);
      } catch {}
      URL.canParse(text);
    }
    Object.defineProperty(typed, 'buffer', buffer);
    return 'contained';
  },
};
