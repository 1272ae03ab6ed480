// class: result
// tries: to throw an error whose message never ends
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED HS_FUNCTION_THREW
// kills: may

export default {
  async message(msg, env, ctx) {
    throw {
      get message() {
        for (;;) {}
      },
      get stack() {
        for (;;) {}
      },
    };
  },
};
