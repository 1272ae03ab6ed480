// class: memory
// tries: to fill the heap with weak references and finalizers
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no
// limits: memory=16MiB
// calls: 8

const kept = [];

export default {
  async message(msg, env, ctx) {
    const registry = new FinalizationRegistry((index) => kept.push(new WeakRef({ index })));
    for (let index = 0; index < 200_000; index += 1) {
      const target = { index };
      kept.push(new WeakRef(target));
      registry.register(target, index, target);
    }
    for (const reference of kept) reference.deref();
    return 'contained';
  },
};
