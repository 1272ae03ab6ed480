// class: memory
// tries: to hoard Intl objects behind the back of whoever weighs them, by an iterator of its own when the first is made
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no
// limits: memory=16MiB
// calls: 20

const kept = [];
const iterate = Array.prototype[Symbol.iterator];
Array.prototype[Symbol.iterator] = function* () {};
const { DateTimeFormat } = Intl;
Array.prototype[Symbol.iterator] = iterate;

export default {
  async message(msg, env, ctx) {
    try {
      for (let index = 0; index < 20; index += 1)
        kept.push(new DateTimeFormat('de', { dateStyle: 'full', timeZone: 'Asia/Tokyo' }));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return kept.length < 350 ? 'contained' : `it keeps ${kept.length}`;
  },
};
