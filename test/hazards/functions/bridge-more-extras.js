// class: bridge
// tries: to hand the host more beside a reply than the reply has, by iterators and setters of its own
// expects: ok
// kills: no
// calls: 4

const large = new ArrayBuffer(24 * 2 ** 20);
const text = `contained${' '.repeat(9_000)}`;

export default {
  message(msg, env, ctx) {
    Array.prototype[Symbol.iterator] = function* () {
      for (let index = 0; index < 200; index += 1) yield large;
    };
    for (let index = 0; index < 2; index += 1)
      Object.defineProperty(Array.prototype, index, {
        configurable: true,
        get: () => large,
        set() {
          for (let at = 0; at < 200; at += 1)
            Object.defineProperty(this, at, { value: large, writable: true, configurable: true });
        },
      });
    return text;
  },
};
