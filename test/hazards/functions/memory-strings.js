// class: memory
// tries: to hoard strings that are not shared from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 25; index += 1) kept.push(`${Math.random()}`.padEnd(40_000, `${index}`));
    return 'contained';
  },
};
