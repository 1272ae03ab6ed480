/** As many KV gets, one after the other, as the environment says, and then what the orders function does. */
import orders from './orders.js';

export default {
  async message(msg, env, ctx) {
    for (let call = 0; call < Number(env.CALLS); call += 1) await env.KV.get('granted.value');
    return await orders.message(msg, env, ctx);
  },
};
