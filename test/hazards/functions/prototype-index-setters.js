// class: prototype
// tries: to catch what the runtime puts into lists, by setters on numbers
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s
// calls: 2
// binds: kv

export default {
  async message(msg, env, ctx) {
    const caught = [];
    for (let index = 0; index < 200; index += 1) {
      Object.defineProperty(Array.prototype, index, {
        configurable: true,
        set(value) {
          caught.push(value);
        },
        get: () => 'forged',
      });
      Object.defineProperty(Object.prototype, index, {
        configurable: true,
        set(value) {
          caught.push(value);
        },
        get: () => 'forged',
      });
    }
    console.log('a', 'b');
    env.KV.get('k').catch(() => {});
    setTimeout(() => {}, 1);
    await null;
    return caught.some((value) => typeof value === 'object' && value !== null && 'resolve' in value)
      ? 'it saw a call'
      : 'contained';
  },
};
