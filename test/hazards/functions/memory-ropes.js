// class: memory
// tries: to hoard ropes and what flattening makes of them from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    let rope = 'ab';
    for (let depth = 0; depth < 19; depth += 1) rope += rope + msg.text();
    kept.push(rope, rope.charCodeAt(5));
    return 'contained';
  },
};
