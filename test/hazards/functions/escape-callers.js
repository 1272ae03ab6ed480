// class: escape
// tries: to walk to the runtime by arguments.callee.caller
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    const own = new Set([this.message]);
    try {
      let caller = Function('return arguments.callee.caller')();
      for (let depth = 0; caller && depth < 50; depth += 1) {
        if (!own.has(caller)) return `it saw ${String(caller).slice(0, 60)}`;
        caller = caller.caller;
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    return 'contained';
  },
};
