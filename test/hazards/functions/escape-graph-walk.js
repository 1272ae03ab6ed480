// class: escape
// tries: to find a foreign realm or a handle of isolated-vm in all that can be reached
// expects: ok
// kills: no
// limits: cpu=300ms
// binds: kv

export default {
  async message(msg, env, ctx) {
    const names =
      /^(?:process|require|Buffer|ivm|Isolate|Reference|ExternalCopy|NativeModule|applySync|applyIgnored|derefInto|copyInto|compileScriptSync|evalClosureSync)$/;
    const tops = new Set([Object.prototype, null]);
    const seen = new Set();
    const queue = [globalThis, msg, env, ctx, this, new Reply(), [][Symbol.iterator](), 'a'.matchAll(/a/g)];
    queue.push(
      env.KV.get('k').catch(() => {}),
      (async function* () {})(),
      setTimeout(() => {}, 0),
    );
    while (queue.length > 0) {
      const value = queue.pop();
      if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value))
        continue;
      seen.add(value);
      const parent = Reflect.getPrototypeOf(value);
      if (parent === null) tops.add(value);
      queue.push(parent);
      if (typeof value === 'function' && !(value instanceof Function) && value !== Function.prototype)
        return 'a foreign function';
      for (const key of Reflect.ownKeys(value)) {
        if (typeof key === 'string' && names.test(key)) return `it found ${key}`;
        const found = Reflect.getOwnPropertyDescriptor(value, key);
        if (found === undefined) continue;
        queue.push(found.value, found.get, found.set);
        if (found.get !== undefined) {
          try {
            queue.push(value[key]);
          } catch {}
        }
      }
    }
    return seen.size > 500 ? 'contained' : `it saw only ${seen.size}`;
  },
};
