// class: builtin
// tries: to run a built-in that V8 may not interrupt
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED HS_FUNCTION_THREW
// kills: may

export default {
  async message(msg, env, ctx) {
    const all = new Array(2 ** 20).fill([1, 2]);
    return all.flat().concat(...Array.from({ length: 1_000 }, () => all)).length;
  },
};
