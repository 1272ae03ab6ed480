// class: flood
// tries: to log values of many megabytes
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may

export default {
  async message(msg, env, ctx) {
    const long = 'y'.repeat(2 ** 25);
    for (let index = 0; index < 50; index += 1) console.log(long, [long], { long });
    return 'contained';
  },
};
