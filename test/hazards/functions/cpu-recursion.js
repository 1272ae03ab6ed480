// class: cpu
// tries: to recurse without end and to catch every overflow of the stack
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    const dive = () => {
      try {
        dive();
      } catch {
        dive();
      }
    };
    dive();
    return 'contained';
  },
};
