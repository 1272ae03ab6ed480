// class: escape
// tries: to run code outside of every time limit by weak references and finalizers
// expects: ok
// kills: no
// calls: 10

export default {
  async message(msg, env, ctx) {
    const late = new FinalizationRegistry(() => {
      for (;;) {}
    });
    for (let index = 0; index < 5_000; index += 1) late.register({ index, data: new Array(100) }, index);
    return 'contained';
  },
};
