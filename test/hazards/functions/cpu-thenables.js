// class: cpu
// tries: to be resolved with thenables that give further thenables
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    const endless = () => ({
      then(resolve) {
        resolve(endless());
      },
    });
    return await endless();
  },
};
