// class: flood
// tries: to flood the host with calls that nobody awaits
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_HOST_CALL_LIMIT
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    for (;;) env.KV.get('k').catch(() => {});
  },
};
