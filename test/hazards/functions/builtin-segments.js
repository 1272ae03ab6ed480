// class: builtin
// tries: to run through the segments of a text in a built-in that V8 may not interrupt
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED
// kills: may

export default {
  async message(msg, env, ctx) {
    return [...new Intl.Segmenter('en').segment('a b '.repeat(2 ** 21))].length;
  },
};
