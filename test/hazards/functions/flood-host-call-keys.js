// class: flood
// tries: to give keys of many megabytes
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const long = 'k'.repeat(2 ** 22);
    const calls = [];
    for (let index = 0; index < 200; index += 1) calls.push(env.KV.get(long).catch(() => {}));
    await Promise.all(calls);
    return 'contained';
  },
};
