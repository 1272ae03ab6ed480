// class: leak
// tries: to act in the next call by a timer of the one before
// expects: ok
// kills: no
// calls: 8

export default {
  async message(msg, env, ctx) {
    const before = globalThis.acted;
    globalThis.acted = undefined;
    setTimeout(() => {
      globalThis.acted = 'a timer of an earlier call';
    }, 5);
    if (before !== undefined) return before;
    return 'contained';
  },
};
