import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

/**
 * Walks everything that can be reached from the roots by properties, prototypes, accessors and
 * constructors. `visit` is called once per object or function with the path to it.
 */
const WALK = `
  function walk(roots, visit) {
    const seen = new Set();
    const queue = Object.entries(roots);
    while (queue.length > 0) {
      const [path, value] = queue.shift();
      if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) continue;
      seen.add(value);
      visit(path, value);
      let keys = [];
      try { keys = Reflect.ownKeys(value) } catch {}
      for (const key of keys) {
        let described;
        try { described = Reflect.getOwnPropertyDescriptor(value, key) } catch { continue }
        if (described === undefined) continue;
        const name = path + '.' + String(key);
        if ('value' in described) queue.push([name, described.value]);
        else {
          queue.push([name + ':get', described.get], [name + ':set', described.set]);
          try { queue.push([name, value[key]]) } catch {}
        }
      }
      try { queue.push([path + '.__proto__', Reflect.getPrototypeOf(value)]) } catch {}
    }
    return seen.size;
  }`;

const HOST = async (): Promise<{ value: null }> => ({ value: null });

/** Runs `body` with `roots`: all that a handler is given or can make. */
async function probe(body: string): Promise<unknown> {
  const code = handlerOf(
    `const roots = { globalThis, msg, env, ctx, handlers: this, reply: new Reply(), headers: msg.headers,
       promise: env.HOST.get('k'), timer: setTimeout(() => {}, 0), error: await env.HOST.nothing?.() ?? new HostError('c', 'm', false),
       generator: (function* () {})(), asyncGenerator: (async function* () {})(), asyncFunction: async () => {}, regexp: /a/,
       args: (function () { return arguments })(), iterator: [][Symbol.iterator](), matches: 'a'.matchAll(/a/g), bytes: msg.data };
     ${body}`,
    WALK,
  );
  using tested = createTestFunction(code, { host: HOST, environment: { PLAIN: 'text' } });
  return JSON.parse(await tested.text({ data: 'x', headers: [['a', 'b']] }));
}

test('The walk reaches the built-ins, so that finding nothing means something', async () => {
  const count = await probe('return walk(roots, () => {})');
  assert.ok(typeof count === 'number' && count > 700, `it reached ${count} objects`);
});

test('No Function constructor that can be reached belongs to another realm', async () => {
  const foreign = await probe(`
    const found = [];
    const own = new Set([Function, (async () => {}).constructor, (function* () {}).constructor, (async function* () {}).constructor]);
    walk(roots, (path, value) => {
      for (let made = value, depth = 0; depth < 4 && made !== null && made !== undefined; depth += 1) {
        try { made = made.constructor } catch { break }
        if (typeof made !== 'function') break;
        const maker = made.constructor;
        if (typeof maker === 'function' && !own.has(maker)) {
          try { if (maker('return this')() !== globalThis) found.push(path); } catch {}
        }
      }
    });
    return found;`);
  assert.deepEqual(foreign, []);
});

test('Every function that can be reached has the prototype chain of this realm', async () => {
  const foreign = await probe(`
    const found = [];
    walk(roots, (path, value) => {
      let top = value;
      for (let next = top; next !== null; next = Reflect.getPrototypeOf(top)) { top = next; if (Reflect.getPrototypeOf(top) === null) break; }
      if (top !== Object.prototype && top !== value) found.push(path);
      if (typeof value === 'function' && !(value instanceof Function) && value !== Function.prototype) found.push(path + ' (function)');
    });
    return found;`);
  assert.deepEqual(foreign, []);
});

test('Nothing that can be reached bears a name of the host or of isolated-vm', async () => {
  const found = await probe(`
    const names = /^(?:process|require|module|Buffer|ivm|Isolate|Reference|ExternalCopy|Callback|NativeModule|applySync|derefInto|copyInto|compileScriptSync|send|marks|importScripts|Deno|Bun)$/;
    const found = [];
    walk(roots, (path, value) => {
      for (const key of Reflect.ownKeys(value)) if (typeof key === 'string' && names.test(key)) found.push(path + '.' + key);
      try { if (typeof value === 'function' && names.test(value.name)) found.push(path + ' is ' + value.name); } catch {}
    });
    return found;`);
  assert.deepEqual(found, []);
});

test('Code made from strings sees nothing that the function does not see', async () => {
  const seen = await probe(`
    const makers = [eval, (s) => Function('return ' + s)(), (s) => (0, eval)(s), (s) => (() => {}).constructor('return ' + s)()];
    return makers.map((run) => ['process', 'require', 'ivm', 'send', 'marks', 'enter', 'batch', 'invocations', 'services']
      .filter((name) => { try { return run('typeof ' + name) !== 'undefined' } catch { return false } }));`);
  assert.deepEqual(seen, [[], [], [], []]);
});

test('Memory that the limits do not see, and shared memory, cannot be had', async () => {
  const seen = await probe(`
    const found = [typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics];
    walk(roots, (path, value) => {
      const tag = Object.prototype.toString.call(value);
      if (tag === '[object SharedArrayBuffer]' || tag === '[object WebAssembly]' || tag === '[object Atomics]') found.push(path);
    });
    return found;`);
  assert.deepEqual(seen, ['undefined', 'undefined', 'undefined']);
});

test('import() and top-level await reach no module', async () => {
  const seen = await probe(`
    const tried = [];
    for (const name of ['node:fs', 'fs', 'file:///etc/passwd', 'isolated-vm', './probe.js', 'data:text/javascript,export default 1']) {
      try { await import(name); tried.push(name); } catch {}
    }
    return tried;`);
  assert.deepEqual(seen, []);
});

test('The stack of an error shows the frames of the isolate and no path of the host', async () => {
  const stacks = await probe(`
    const stacks = [];
    Error.stackTraceLimit = 100;
    try { null.x } catch (e) { stacks.push(e.stack) }
    try { await env.HOST.get(Symbol()) } catch (e) { stacks.push(e.stack) }
    Error.prepareStackTrace = (e, frames) => frames.map((f) => [f.getFileName(), String(f.getThis?.()), String(f.getFunction?.())]).join();
    stacks.push(new Error('x').stack);
    return stacks;`);
  assert.doesNotMatch(JSON.stringify(stacks), /node_modules|file:\/\/|\/src\/|guest-isolate|node:internal/);
});

test('Stack frames and callers lead to no function but the own ones', async () => {
  const seen = await probe(`
    const own = new Set([this, this.message, globalThis, undefined, null]);
    const found = [];
    Error.prepareStackTrace = (e, frames) => frames.flatMap((f) => [f.getFunction?.(), f.getThis?.()]);
    for (const item of new Error('x').stack) if (!own.has(item)) found.push(String(item).slice(0, 80));
    const sloppy = Function('return arguments.callee.caller');
    try {
      for (let caller = sloppy(), depth = 0; caller && depth < 20; caller = caller.caller, depth += 1)
        if (!own.has(caller)) found.push(String(caller).slice(0, 80));
    } catch (error) { if (!(error instanceof TypeError)) throw error; }
    return found;`);
  assert.deepEqual(seen, []);
});

test('A service object cannot be changed, and one of its own methods gives no other label', async () => {
  const seen = await probe(`
    const forged = [];
    try { env.HOST.get = 1; } catch {}
    try { env.OTHER = env.HOST; } catch {}
    try { Object.setPrototypeOf(env, { OTHER: env.HOST }); } catch {}
    forged.push(typeof env.HOST.get, Object.isFrozen(env.HOST), typeof env.OTHER);
    return forged;`);
  assert.deepEqual(seen, ['function', true, 'undefined']);
});
