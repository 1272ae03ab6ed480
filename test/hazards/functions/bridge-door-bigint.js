// class: bridge
// tries: to have the host copy a number of 64 MiB again and again where it was to be given a URL
// expects: ok
// kills: no
// limits: memory=512MiB cpu=10s timeout=20s
// calls: 4

const large = 1n << (2n ** 29n);

export default {
  message(msg, env, ctx) {
    const { toWellFormed } = String.prototype;
    String.prototype.toWellFormed = () => large;
    const before = Date.now();
    for (let index = 0; index < 20; index += 1) URL.canParse('http://a/');
    const tookMs = Date.now() - before;
    String.prototype.toWellFormed = toWellFormed;
    return tookMs < 1_000 ? 'contained' : `it held the thread for ${tookMs} ms`;
  },
};
