// class: cpu
// tries: to live on by a timer of zero milliseconds that sets itself again
// expects: HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s

export default {
  async message(msg, env, ctx) {
    setInterval(() => {}, 0);
    await new Promise(() => {});
  },
};
