// class: flood
// tries: to leave many thousand promises for after the reply
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_THREW
// kills: no
// limits: timeout=1s

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 20_000; index += 1) ctx.waitUntil(new Promise(() => {}));
    return 'contained';
  },
};
