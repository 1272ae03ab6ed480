// class: result
// tries: to answer with a toJSON that never ends
// expects: HS_FUNCTION_CPU HS_FUNCTION_NO_REPLY HS_FUNCTION_MEMORY
// kills: no

export default {
  async message(msg, env, ctx) {
    return {
      toJSON: function again() {
        return { next: { toJSON: again } };
      },
    };
  },
};
