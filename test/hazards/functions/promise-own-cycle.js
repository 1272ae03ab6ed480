// class: promise
// tries: to resolve a promise with itself
// expects: HS_FUNCTION_THREW
// kills: no

export default {
  async message(msg, env, ctx) {
    let resolveLater;
    const self = new Promise((resolve) => {
      resolveLater = resolve;
    });
    resolveLater(self);
    return self;
  },
};
