// class: flood
// tries: to call itself without end, twice for each call
// expects: ok HS_CALL_DEPTH HS_FUNCTION_OVERLOADED HS_FUNCTION_TIMEOUT HS_FUNCTION_CPU
// kills: no
// binds: call
// limits: timeout=2s

export default {
  async message(msg, env, ctx) {
    const calls = [ctx.call('hazard', ''), ctx.call('hazard', '')];
    await Promise.allSettled(calls);
    return 'contained';
  },
};
