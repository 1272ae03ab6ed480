// class: result
// tries: to reject, unhandled, with an error whose message never ends
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED HS_FUNCTION_THREW
// kills: may

export default {
  async message(msg, env, ctx) {
    Promise.reject({
      get message() {
        for (;;) {}
      },
      get stack() {
        for (;;) {}
      },
    });
    return 'contained';
  },
};
