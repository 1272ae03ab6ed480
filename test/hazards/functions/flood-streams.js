// class: flood
// tries: to make streams that feed each other without end
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=2s memory=16MiB

export default {
  async message(msg, env, ctx) {
    let source = new ReadableStream({ pull: (to) => to.enqueue('x'.repeat(1_024)) });
    for (let index = 0; index < 200; index += 1) {
      const [one, other] = source.tee();
      other.pipeTo(new WritableStream({}, { highWaterMark: Number.POSITIVE_INFINITY })).catch(() => {});
      source = one.pipeThrough(new TransformStream({}, { highWaterMark: 1e9 }, { highWaterMark: 1e9 }));
    }
    for await (const _ of source);
    return 'contained';
  },
};
