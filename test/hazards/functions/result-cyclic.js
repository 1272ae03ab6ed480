// class: result
// tries: to answer with a value that holds itself
// expects: HS_FUNCTION_NO_REPLY
// kills: no

export default {
  async message(msg, env, ctx) {
    const self = { deep: {} };
    self.deep.self = self;
    return self;
  },
};
