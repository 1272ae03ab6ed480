// class: bridge
// tries: to command JetStream or to speak for the host by headers of a reply
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    return new Reply('contained', {
      headers: {
        'Nats-Rollup': 'all',
        'Nats-Msg-Id': '1',
        'KV-Operation': 'PURGE',
        'Hairspring-Error': 'HS_INTERNAL',
        workload_id: 'forged',
        'a\r\nNats-Rollup': 'all',
        'X-Fine': 'x\r\nNats-Rollup: all\r\n\r\nforged',
        ' Nats-Rollup': 'all',
        'nats-rollup ': 'all',
        '': 'x',
      },
    });
  },
};
