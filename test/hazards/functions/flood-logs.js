// class: flood
// tries: to flood the log feed
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) console.log('x'.repeat(8_000));
  },
};
