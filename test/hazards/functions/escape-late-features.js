// class: escape
// tries: to see what the runtime hands to parts of it that are made late, by built-ins that it has replaced before
// expects: ok
// kills: no
// limits: cpu=2s timeout=10s

const { apply, ownKeys } = Reflect;
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, prototype: base } = Object;
const INSIDE = ['callHost', 'currentInvocation', 'door', 'featureMakers', 'hostSend', 'pendingCalls', 'wasm'];
const TYPES = [
  Object,
  Array,
  Map,
  Set,
  WeakMap,
  Promise,
  Function,
  String,
  RegExp,
  Error,
  ArrayBuffer,
  Iterator,
];
const seen = [];

function look(value, where) {
  if (value === null || value === base || (typeof value !== 'object' && typeof value !== 'function')) return;
  for (let index = 0; index < INSIDE.length; index += 1) {
    try {
      if (getOwnPropertyDescriptor(value, INSIDE[index]) !== undefined)
        seen[seen.length] = `${where}: ${INSIDE[index]}`;
    } catch {}
  }
}

/** Puts in its place a method that looks at all that it is given, and does the same. */
function spyOn(holder, key) {
  const shape = getOwnPropertyDescriptor(holder, key);
  const native = shape.value;
  if (!shape.configurable || typeof native !== 'function' || key === 'constructor') return;
  shape.value = {
    method(...given) {
      look(this, native.name);
      for (let index = 0; index < given.length; index += 1) look(given[index], native.name);
      return apply(native, this, given);
    },
  }.method;
  defineProperty(holder, key, shape);
}

const typed = getPrototypeOf(Uint8Array.prototype);
const holders = [Reflect, JSON, typed, getPrototypeOf([][Symbol.iterator]())];
for (const type of TYPES) holders.push(type, type.prototype);
const found = holders.flatMap((holder) => ownKeys(holder).map((key) => [holder, key]));
for (let index = 0; index < found.length; index += 1) spyOn(found[index][0], found[index][1]);
for (let index = 0; index < INSIDE.length; index += 1)
  defineProperty(base, INSIDE[index], {
    set(value) {
      look(value, 'a setter');
      seen[seen.length] = `a setter of ${INSIDE[index]}`;
    },
  });

export default {
  async message() {
    const names = ownKeys(globalThis);
    for (let index = 0; index < names.length; index += 1) {
      try {
        new globalThis[names[index]]('http://a/', 'http://b/');
      } catch {}
    }
    try {
      structuredClone({ map: new Map() });
      console.table([{ a: 1 }]);
      await crypto.subtle.digest('SHA-256', new Uint8Array(3));
      await new Response(new Response('x').body.pipeThrough(new TextDecoderStream())).text();
    } catch {}
    return seen.length === 0 ? 'contained' : `it saw ${seen}`;
  },
};
