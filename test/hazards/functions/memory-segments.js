// class: memory
// tries: to hoard results of a segmenter, each with a copy of its text from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_THREW
// kills: no
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    const text = 'ab'.repeat(200_000);
    for (let index = 0; index < 4; index += 1) {
      const segments = new Intl.Segmenter('en').segment(text);
      kept.push(segments, segments[Symbol.iterator]());
    }
    return 'contained';
  },
};
