// class: coercion
// tries: to hand the host a body larger than any by a species of its buffer
// expects: ok
// kills: no
// limits: memory=512MiB cpu=5s timeout=10s
// calls: 6

const text = `contained${' '.repeat(2_000)}`;

export default {
  message(msg, env, ctx) {
    const body = new TextEncoder().encode(text);
    Object.defineProperty(body.buffer, 'constructor', {
      value: {
        [Symbol.species]: function Large() {
          return new ArrayBuffer(220 * 2 ** 20);
        },
      },
    });
    return body;
  },
};
