// class: escape
// tries: to run code outside of every time limit by weak references and finalizers
// expects: ok HS_FUNCTION_CPU
// kills: no
// limits: cpu=200ms
// calls: 10

// Held, or it is collected itself and calls nobody; and a CPU limit of the heavy lane, where V8 runs its own tasks.
const late = new FinalizationRegistry(() => {
  for (;;) {}
});

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 5_000; index += 1) late.register({ index, data: new Array(100) }, index);
    for (let index = 0; index < 100; index += 1) new Array(100_000).fill(index);
    return 'contained';
  },
};
