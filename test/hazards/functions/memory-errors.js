// class: memory
// tries: to hoard errors with their stacks from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    Error.stackTraceLimit = 200;
    const dive = (depth) => (depth === 0 ? kept.push(new Error('kept')) : dive(depth - 1));
    for (let index = 0; index < 60; index += 1) dive(150);
    return 'contained';
  },
};
