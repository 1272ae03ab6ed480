// class: escape
// tries: to overflow the stack inside a host call and to use what it left
// expects: ok HS_FUNCTION_CPU
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const found = [];
    const dive = () => {
      try {
        dive();
      } catch {}
      try {
        env.KV.get('k').catch(() => {});
      } catch (error) {
        if (!(error instanceof Error)) found.push(error);
      }
    };
    for (let round = 0; round < 3; round += 1) {
      try {
        dive();
      } catch {}
      await null;
    }
    return found.length === 0 ? 'contained' : 'an error of another realm';
  },
};
