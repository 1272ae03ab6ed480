// class: flood
// tries: to hold the host by requests whose bodies never end
// expects: ok HS_FUNCTION_TIMEOUT HS_HTTP_LIMIT HS_HOST_CALL_LIMIT HS_FUNCTION_CPU
// kills: no
// binds: http
// limits: timeout=2s
// calls: 2

export default {
  async message(msg, env, ctx) {
    const url = `${env.URL_BASE}/`;
    const body = () => new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(2 ** 16)) });
    const all = [];
    for (let index = 0; index < 300; index += 1)
      all.push(env.WEB.fetch(url, { method: 'POST', body: body(), duplex: 'half' }).catch(() => {}));
    await Promise.all(all);
    return 'contained';
  },
};
