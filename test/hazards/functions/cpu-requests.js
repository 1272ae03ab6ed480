// class: cpu
// tries: to hold the thread while it reads a request
// expects: HS_FUNCTION_CPU
// kills: no
// via: http
// calls: 2

export default {
  async fetch(request, env, ctx) {
    for await (const _ of request.body) for (;;);
  },
};
