// class: prototype
// tries: to hijack every awaited object by a then on Object.prototype
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s
// binds: kv

export default {
  async message(msg, env, ctx) {
    Object.prototype.then = function (resolve) {
      delete Object.prototype.then;
      resolve('contained by then');
    };
    const entry = await env.KV.get('k');
    return `contained ${typeof entry}`;
  },
};
