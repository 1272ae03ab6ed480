// class: result
// tries: to answer with text that is JSON nested a million deep
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    return `contained${'['.repeat(400_000)}${']'.repeat(400_000)}`;
  },
};
