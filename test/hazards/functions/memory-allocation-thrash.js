// class: memory
// tries: to keep the collector busy just below the limit
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED
// kills: may
// limits: memory=16MiB

export default {
  async message(msg, env, ctx) {
    const ring = [];
    for (let index = 0; ; index += 1) ring[index % 100_000] = { x: new Array(20) };
  },
};
