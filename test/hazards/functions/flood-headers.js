// class: flood
// tries: to answer with a hundred thousand headers
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_REPLY_TOO_LARGE HS_FUNCTION_NO_REPLY
// kills: no
// calls: 3

export default {
  async message(msg, env, ctx) {
    const headers = {};
    for (let index = 0; index < 100_000; index += 1) headers[`h-${index}`] = 'x';
    return new Reply('contained', { headers });
  },
};
