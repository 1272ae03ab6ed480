// class: memory
// tries: to hoard as many Intl objects as one call can make from call to call
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_THREW
// kills: may
// limits: memory=16MiB
// calls: 20

const kept = [];

export default {
  async message(msg, env, ctx) {
    for (;;)
      kept.push(
        new Intl.NumberFormat('ar', { style: 'currency', currency: 'EUR' }),
        new Intl.DisplayNames('ja', { type: 'region' }),
      );
    return 'contained';
  },
};
