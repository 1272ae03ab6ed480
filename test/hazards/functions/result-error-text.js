// class: result
// tries: to answer with an error of many megabytes
// expects: HS_FUNCTION_THREW HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no

export default {
  async message(msg, env, ctx) {
    throw Object.assign(new Error('m'.repeat(2 ** 25)), {
      stack: 's'.repeat(2 ** 25),
      name: 'n'.repeat(2 ** 20),
    });
  },
};
