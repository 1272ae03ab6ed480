// class: escape
// tries: to read functions and receivers of the runtime from call sites
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const own = new Set([this, this.message, globalThis, undefined, null]);
    Error.prepareStackTrace = (_error, frames) =>
      frames.flatMap((frame) => [frame.getFunction?.(), frame.getThis?.()]);
    Error.stackTraceLimit = Infinity;
    const stacks = [new Error('x').stack];
    try {
      await env.KV.get(Symbol('s'));
    } catch (error) {
      stacks.push(error.stack);
    }
    const text = {
      toString: () => {
        stacks.push(new Error('inside').stack);
        return 'k';
      },
    };
    await env.KV.get(text).catch(() => {});
    for (const item of stacks.flat())
      if (!own.has(item) && typeof item === 'function' && item !== text.toString)
        return `it saw ${String(item).slice(0, 60)}`;
    return 'contained';
  },
};
