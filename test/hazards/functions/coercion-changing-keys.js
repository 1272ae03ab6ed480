// class: coercion
// tries: to pass a check with one key and to use another
// expects: ok
// kills: no
// binds: kv=allowed

export default {
  async message(msg, env, ctx) {
    const answers = ['allowed', '>', '$JS.API.STREAM.DELETE.KV_hazards', '../x'];
    let asked = 0;
    const liar = { toString: () => answers[asked++ % answers.length], toJSON: () => '>', length: 1 };
    const proxy = new Proxy(liar, {
      get: (target, key) => (key === Symbol.toPrimitive ? () => answers[asked++ % 4] : target[key]),
    });
    for (let round = 0; round < 8; round += 1) {
      for (const key of [liar, proxy, [liar], new String('>')]) {
        const entry = await env.KV.get(key).catch((error) => error);
        if (entry !== null && !(entry instanceof HostError)) return 'it read what it may not';
      }
    }
    return 'contained';
  },
};
