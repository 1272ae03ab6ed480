// class: prototype
// tries: to poison built-ins while its calls are in progress
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s
// calls: 3
// binds: kv

export default {
  async message(msg, env, ctx) {
    const pending = env.KV.get('k');
    Promise.prototype.then = () => 'forged';
    Promise.resolve = () => 'forged';
    JSON.parse = () => ({ forged: true });
    String.prototype.slice = String.prototype.charCodeAt = () => 'forged';
    Map.prototype.get = Map.prototype.set = () => 'forged';
    await pending;
    return 'contained';
  },
};
