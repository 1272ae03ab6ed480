// class: flood
// tries: to fill the host with a response that never ends, or whose headers are too many
// expects: HS_REPLY_TOO_LARGE HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_TIMEOUT HS_FUNCTION_THREW HS_HEADER_INVALID HS_FUNCTION_NO_REPLY ok
// kills: no
// via: http
// limits: timeout=2s
// calls: 4

const ANSWERS = [
  () => new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(2 ** 18)) })),
  () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
  () => new Response('x'.repeat(64 * 2 ** 20)),
  () => {
    const headers = new Headers();
    for (let index = 0; index < 20_000; index += 1) headers.append(`x-${index}`, 'x'.repeat(100));
    return new Response('contained', { headers });
  },
];

export default {
  async fetch(request, env, ctx) {
    return ANSWERS[Number(await request.text())]();
  },
};
