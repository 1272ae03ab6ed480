// class: promise
// tries: to answer one call from the code of another
// expects: ok HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s
// calls: 8

const waiting = [];

export default {
  async message(msg, env, ctx) {
    const own = new Promise((resolve) => waiting.push(resolve));
    for (const resolve of waiting) resolve(`contained ${msg.text()}`);
    return own;
  },
};
