// class: bridge
// tries: to give revisions that are no numbers
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    for (const revision of [
      Number.NaN,
      Infinity,
      -1,
      1.5,
      2 ** 60,
      '1',
      {},
      [],
      null,
      0,
      { valueOf: () => 1 },
    ]) {
      const got = await env.KV.update('allowed', 'v', revision).catch((error) => error);
      if (!(got instanceof Error)) return `it took ${String(revision)}`;
    }
    return 'contained';
  },
};
