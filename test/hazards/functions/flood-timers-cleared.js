// class: flood
// tries: to flood the host with timers set and cleared at once
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) clearTimeout(setTimeout(() => {}, 1_000));
  },
};
