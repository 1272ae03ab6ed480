// class: result
// tries: to answer with what is no value on the wire
// expects: HS_FUNCTION_NO_REPLY
// kills: no
// calls: 3

export default {
  async message(msg, env, ctx) {
    return [Symbol('s'), () => {}, 5n][msg.text()];
  },
};
