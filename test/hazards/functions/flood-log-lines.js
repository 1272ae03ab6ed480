// class: flood
// tries: to flood the log feed with as many short lines as it can
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) console.log(1);
  },
};
