// class: flood
// tries: to fill the host with one large payload given many times
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_HOST_CALL_LIMIT
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const large = 'x'.repeat(8 * 2 ** 20);
    for (let index = 0; index < 2_000; index += 1) env.KV.put('k', large).catch(() => {});
    return 'contained';
  },
};
