// class: side
// tries: to read the environment or the arguments of the process
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const text = JSON.stringify([env, ctx, Object.keys(env), Reflect.ownKeys(ctx)]);
    return /PATH|HOME|NODE_|nats:/.test(text) ? text : 'contained';
  },
};
