// class: side
// tries: to read paths or names of others from errors
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const texts = [];
    const note = (error) =>
      texts.push(
        String(error?.stack),
        String(error?.message),
        JSON.stringify(error, Object.getOwnPropertyNames(Object(error))),
      );
    for (const call of [
      () => null.x,
      () => env.KV.get(),
      () => env.KV.nothing(),
      () => JSON.parse('{'),
      () => new TextDecoder('x'),
      () => (0, eval)('('),
    ]) {
      try {
        await call();
      } catch (error) {
        note(error);
      }
    }
    return /\/(?:home|usr|tmp|root)\/|node_modules|node:internal|neighbour/.test(texts.join())
      ? texts
      : 'contained';
  },
};
