// class: cpu
// tries: to leave its caller without an answer
// expects: HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s

export default {
  async message(msg, env, ctx) {
    await new Promise(() => {});
  },
};
