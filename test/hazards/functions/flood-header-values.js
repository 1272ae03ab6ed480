// class: flood
// tries: to answer with headers of many megabytes
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_REPLY_TOO_LARGE HS_FUNCTION_NO_REPLY
// kills: no

export default {
  async message(msg, env, ctx) {
    const long = 'v'.repeat(2 ** 23);
    return new Reply('contained', {
      headers: { a: [long, long, long, long], b: long, c: new Array(64).fill(long) },
    });
  },
};
