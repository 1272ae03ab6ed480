// class: leak
// tries: to be given the answer to a host call of another call
// expects: ok
// kills: no
// calls: 20
// binds: kv

export default {
  async message(msg, env, ctx) {
    const text = msg.text();
    const key = `of-${text}`;
    await env.KV.put(key, `value ${text}`);
    const entry = await env.KV.get(key);
    if (entry === null) return 'no answer of its own';
    if (entry.key !== key || entry.text() !== `value ${text}`) return 'an answer of another call';
    return 'contained';
  },
};
