// class: flood
// tries: to flood the host with calls in each turn, until its time is up
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=2s
// binds: kv

export default {
  async message(msg, env, ctx) {
    const burst = () => {
      for (let index = 0; index < 2_000; index += 1) env.KV.get('k').catch(() => {});
      setTimeout(burst, 1);
    };
    burst();
    await new Promise(() => {});
  },
};
