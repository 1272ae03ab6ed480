// class: memory
// tries: to hoard Intl objects, whose data is outside of the heap from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_THREW
// kills: no
// limits: memory=16MiB
// calls: 60

const kept = [];

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 40; index += 1) {
      kept.push(new Intl.DateTimeFormat('de', { dateStyle: 'full', timeZone: 'Asia/Tokyo' }));
      kept.push(new Intl.NumberFormat('ar', { style: 'currency', currency: 'EUR' }), new Intl.Collator('zh'));
    }
    return 'contained';
  },
};
