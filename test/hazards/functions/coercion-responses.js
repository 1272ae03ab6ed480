// class: coercion
// tries: to answer a request with what is no response, or with headers of another one
// expects: ok HS_FUNCTION_NO_REPLY HS_FUNCTION_THREW
// kills: no
// via: http
// calls: 12

class Liar extends Response {
  get status() {
    return 101;
  }
  get headers() {
    return { forEach: (each) => each('x\r\n\r\nforged', 'connection'), entries: () => [[1, 2, 3]] };
  }
}

const ANSWERS = [
  () => new Liar('contained'),
  () => ({ status: 200, headers: [], body: 'forged', text: async () => 'forged' }),
  () => new Proxy(new Response('contained'), {}),
  () => Object.setPrototypeOf({ status: 200 }, Response.prototype),
  () =>
    new Response('contained', {
      headers: { connection: 'close', 'transfer-encoding': 'chunked', 'content-length': '9999' },
    }),
  () => new Response('contained', { headers: { 'x-fine': 'x\r\nset-cookie: forged=1' } }),
  () => new Response('contained', { headers: { 'hairspring-error': 'HS_INTERNAL', 'nats-rollup': 'all' } }),
  () => Response.error(),
  () => Response.prototype,
  () => 'forged',
  () => ({ then: (resolve) => resolve(new Response('contained')) }),
  () => new Response(new ReadableStream({ pull: (to) => to.enqueue({ no: 'bytes' }) })),
];

export default {
  async fetch(request, env, ctx) {
    return ANSWERS[Number(await request.text())]();
  },
};
