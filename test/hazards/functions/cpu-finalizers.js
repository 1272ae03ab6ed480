// class: cpu
// tries: to compute in finalizers, when no call of it is under way
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// calls: 20

export default {
  async message(msg, env, ctx) {
    const registry = new FinalizationRegistry(() => {
      for (;;);
    });
    for (let index = 0; index < 10_000; index += 1)
      registry.register({ index, large: new Array(100) }, index);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return 'contained';
  },
};
