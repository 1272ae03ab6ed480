// class: flood
// tries: to fill the connection with messages that nobody waits for
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// binds: messaging

export default {
  async message(msg, env, ctx) {
    const large = 'x'.repeat(2 ** 16);
    for (let round = 0; round < 40; round += 1) {
      const sent = [];
      for (let index = 0; index < 100; index += 1) {
        sent.push(env.BUS.publish(`${env.SUBJECTS}.out.x`, large));
        sent.push(env.BUS.request(`${env.SUBJECTS}.nobody`, large, { timeoutMs: 1 }));
      }
      await Promise.allSettled(sent);
    }
    return 'contained';
  },
};
