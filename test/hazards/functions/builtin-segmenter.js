// class: builtin
// tries: to have a text copied that is larger than the function may be, which V8 does not interrupt
// expects: HS_FUNCTION_THREW
// kills: no

export default {
  async message(msg, env, ctx) {
    return [...new Intl.Segmenter('en').segment('a b '.repeat(2 ** 24))].length;
  },
};
