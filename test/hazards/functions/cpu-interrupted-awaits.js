// class: cpu
// tries: to be interrupted after an await, with other calls in progress
// expects: HS_FUNCTION_CPU ok
// kills: no
// calls: 4

export default {
  async message(msg, env, ctx) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (msg.text() === '1') for (;;) {}
    return 'contained';
  },
};
