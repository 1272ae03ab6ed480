// class: memory
// tries: to hoard the payloads of its messages from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    kept.push(msg.data, msg.text(), new TextEncoder().encode('ü'.repeat(100_000)));
    return 'contained';
  },
};
