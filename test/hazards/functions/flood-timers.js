// class: flood
// tries: to set more timers than anybody can count
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_TIMEOUT
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) setTimeout(() => {}, 1_000);
  },
};
