// class: memory
// tries: to hoard resizable buffers by every way to their constructor from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    const makers = [
      (length, options) => new ArrayBuffer(length, options),
      (length, options) => new ArrayBuffer.prototype.constructor(length, options),
      (length, options) => Reflect.construct(new Uint8Array(1).buffer.constructor, [length, options]),
      (length, options) => Reflect.construct(ArrayBuffer, [length, options], Object),
      (length, options) => new (class extends ArrayBuffer {})(length, options),
      (length, options) => new ArrayBuffer[Symbol.species](length, options),
      (length, options) =>
        Reflect.construct(Object.getPrototypeOf(class extends ArrayBuffer {}), [length, options]),
    ];
    for (const make of makers) {
      try {
        for (let index = 0; index < 2; index += 1) {
          const buffer = make(2 ** 19, {
            get maxByteLength() {
              return 2 ** 19;
            },
          });
          new Uint8Array(buffer).fill(1);
          kept.push(buffer);
        }
      } catch (error) {
        if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      }
    }
    return 'contained';
  },
};
