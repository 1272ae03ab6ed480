// class: result
// tries: to answer with what is nested a million deep
// expects: HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may

export default {
  async message(msg, env, ctx) {
    let deep = [];
    for (let depth = 0; depth < 1_000_000; depth += 1) deep = [deep];
    return deep;
  },
};
