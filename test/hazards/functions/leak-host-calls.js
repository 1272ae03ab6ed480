// class: leak
// tries: to be answered in the next call for a host call of the one before
// expects: ok
// kills: no
// calls: 20
// binds: kv

export default {
  async message(msg, env, ctx) {
    const text = msg.text();
    const entry = await env.KV.put('allowed', text).then(
      () => env.KV.get('allowed'),
      () => null,
    );
    if (entry !== null && typeof entry.text() !== 'string') return 'an answer of another call';
    return 'contained';
  },
};
