// class: flood
// tries: to hold the object store by objects that never end
// expects: ok HS_FUNCTION_TIMEOUT HS_HOST_CALL_LIMIT HS_FUNCTION_CPU
// kills: no
// binds: objectstore
// limits: timeout=2s
// calls: 2

export default {
  async message(msg, env, ctx) {
    const never = () => new ReadableStream({ pull: () => new Promise(() => {}) });
    const endless = () => new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(2 ** 18)) });
    const puts = [];
    for (let index = 0; index < 200; index += 1)
      puts.push(env.STORE.put(`o${index}`, index % 2 === 0 ? never() : endless()).catch(() => {}));
    for (let index = 0; index < 200; index += 1) env.STORE.watch().catch?.(() => {});
    await Promise.all(puts);
    return 'contained';
  },
};
