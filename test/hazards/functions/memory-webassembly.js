// class: memory
// tries: to take memory by WebAssembly, which no heap limit counts
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    if (typeof WebAssembly !== 'undefined') {
      const memories = [];
      try {
        for (let index = 0; index < 64; index += 1) memories.push(new WebAssembly.Memory({ initial: 256 }));
        return `it made ${memories.length} memories`;
      } catch {}
    }
    return 'contained';
  },
};
