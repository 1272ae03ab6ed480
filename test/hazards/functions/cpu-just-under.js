// class: cpu
// tries: to hold the thread for all that an entry may take, and to look quick on the average
// expects: ok
// kills: no
// calls: 400
// settles: 15

let calls = 0;

export default {
  async message(msg, env, ctx) {
    calls += 1;
    if (calls % 5 === 0)
      for (const until = performance.now() + 40; performance.now() < until; ) Math.random();
    return 'contained';
  },
};
