// class: builtin
// tries: to run a built-in that V8 may not interrupt
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED HS_FUNCTION_THREW
// kills: may
// holds: 300

export default {
  async message(msg, env, ctx) {
    return [...'x'.repeat(2 ** 28)].length;
  },
};
