// class: prototype
// tries: to forge records by toJSON on the prototypes
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s
// binds: kv

export default {
  async message(msg, env, ctx) {
    String.prototype.toJSON =
      Number.prototype.toJSON =
      Object.prototype.toJSON =
      Array.prototype.toJSON =
        () => '","forged';
    await env.KV.put('allowed', 'v').catch(() => {});
    console.log('line');
    return 'contained';
  },
};
