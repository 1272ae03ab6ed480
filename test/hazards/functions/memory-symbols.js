// class: memory
// tries: to hoard registered symbols and property names from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    const names = {};
    kept.push(names);
    for (let index = 0; index < 4_000; index += 1) names[Symbol.for(`${Math.random()}${index}`)] = `${index}`;
    return 'contained';
  },
};
