// class: flood
// tries: to live on after its reply, by refused calls that each lead to two more
// expects: ok
// kills: no
// calls: 3
// binds: kv

export default {
  async message(msg, env, ctx) {
    const boom = () => env.KV.get('k').then(spread, spread);
    const spread = () => {
      boom();
      boom();
    };
    spread();
    return 'contained';
  },
};
