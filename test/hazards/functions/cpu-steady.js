// class: cpu
// tries: to hold the thread for most of the time, a little at a time
// expects: ok
// kills: no
// calls: 600
// settles: 15

export default {
  async message(msg, env, ctx) {
    for (const until = performance.now() + 9; performance.now() < until; ) Math.random();
    return 'contained';
  },
};
