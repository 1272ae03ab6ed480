// class: abort
// tries: to abort the process in code after an await
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED
// kills: may

export default {
  async message(msg, env, ctx) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return 'x'.repeat(2 ** 28).split('').length;
  },
};
