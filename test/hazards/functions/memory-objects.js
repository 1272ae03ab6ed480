// class: memory
// tries: to hoard objects from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 5_000; index += 1) kept.push({ index, more: [index, [index]] });
    return 'contained';
  },
};
