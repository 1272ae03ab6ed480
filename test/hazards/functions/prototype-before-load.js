// class: prototype
// tries: to poison built-ins at load, before its first message
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT HS_HANDLER_MISSING HS_FUNCTION_LOAD
// kills: no
// limits: timeout=1s
// binds: kv

for (const name of ['settled', 'pendingCalls', 'resolve', 'reject', 'value', 'kind'])
  Object.prototype[name] = () => 'forged';
Array.prototype.push = Array.prototype.map = () => {
  throw 1;
};
Promise.prototype.then = function () {
  return this;
};
Function.prototype.call = Function.prototype.apply = () => 'forged';
JSON.stringify = () => '0,999999,0,0,1,"forged"';

export default {
  async message(msg, env, ctx) {
    const entry = await env.KV.get('k');
    return `contained ${entry}`;
  },
};
