// class: flood
// tries: to reject promises that nobody handles
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 20_000; index += 1) Promise.reject(new Error(`nobody ${index}`));
    return 'contained';
  },
};
