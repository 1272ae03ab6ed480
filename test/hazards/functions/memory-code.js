// class: memory
// tries: to hoard code made from text from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 100; index += 1)
      kept.push(Function(`return ${JSON.stringify('x'.repeat(2_000))} + ${Math.random()}`));
    return 'contained';
  },
};
