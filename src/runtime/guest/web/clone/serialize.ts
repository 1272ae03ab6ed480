/** https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal, without a form in between. */
import { createDomException } from '../shared/events-types.ts';

/** What has been cloned, or transferred, by what it was. */
export type Memory = Map<unknown, unknown>;

type Getter = (this: unknown) => unknown;

function getterOf(prototype: object, name: string): Getter {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter;
}

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype);
const bufferSize = getterOf(ArrayBuffer.prototype, 'byteLength');
const mapSize = getterOf(Map.prototype, 'size');
const setSize = getterOf(Set.prototype, 'size');
const regExpSource = getterOf(RegExp.prototype, 'source');
const tagOfView = getterOf(TypedArrayPrototype, Symbol.toStringTag as never);
const { isError } = Error as unknown as { isError(value: unknown): boolean };

const ERRORS: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

export function refuse(what: string): never {
  throw createDomException(`${what} cannot be cloned`, 'DataCloneError');
}

/** Whether a value has the inner slot that `read` asks for. */
function hasSlot(read: (this: unknown) => unknown, value: object): boolean {
  try {
    Reflect.apply(read, value, []);
    return true;
  } catch {
    return false;
  }
}

export function clone(value: unknown, memory: Memory): unknown {
  if (typeof value === 'symbol') return refuse('A symbol');
  if (typeof value === 'function') return refuse('A function');
  if (typeof value !== 'object' || value === null) return value;
  if (memory.has(value)) return memory.get(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype && !(Symbol.toStringTag in value))
    return isError(value) ? cloneError(value as Error, memory) : cloneMembers(value, {}, memory);
  if (Array.isArray(value)) return cloneMembers(value, new Array(value.length), memory);
  return remember(value, cloneSlots(value) ?? clonePlatform(value), memory) ?? cloneRest(value, memory);
}

function remember(value: object, copy: object | undefined, memory: Memory): object | undefined {
  if (copy !== undefined) memory.set(value, copy);
  return copy;
}

/** What holds no other value. */
function cloneSlots(value: object): object | undefined {
  for (const { read, copy } of SIMPLE) if (hasSlot(read, value)) return copy(value);
  return undefined;
}

const SIMPLE: readonly { read: (this: unknown) => unknown; copy: (value: object) => object }[] = [
  {
    read: Date.prototype.getTime as never,
    copy: (value) => new Date(Reflect.apply(Date.prototype.getTime, value, [])),
  },
  {
    read: Boolean.prototype.valueOf as never,
    copy: (value) => Object(Reflect.apply(Boolean.prototype.valueOf, value, [])),
  },
  {
    read: Number.prototype.valueOf as never,
    copy: (value) => Object(Reflect.apply(Number.prototype.valueOf, value, [])),
  },
  {
    read: String.prototype.valueOf as never,
    copy: (value) => Object(Reflect.apply(String.prototype.valueOf, value, [])),
  },
  {
    read: BigInt.prototype.valueOf as never,
    copy: (value) => Object(Reflect.apply(BigInt.prototype.valueOf, value, [])),
  },
  { read: Symbol.prototype.valueOf as never, copy: () => refuse('A symbol') },
  { read: bufferSize, copy: (value) => copyBuffer(value as ArrayBuffer) },
];

export function copyBuffer(buffer: ArrayBuffer): ArrayBuffer {
  if (buffer.detached) return refuse('A detached ArrayBuffer');
  if (!buffer.resizable) return buffer.slice(0);
  const copy = new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength });
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

/** Objects of the platform: some features can clone theirs. */
function clonePlatform(value: object): object | undefined {
  for (const name of runtime.madeNames()) {
    const feature = runtime.made(name) ?? {};
    const { clone: own } = (feature.internals ?? {}) as { clone?(value: object): object | undefined };
    const copy = own?.(value);
    if (copy !== undefined) return copy;
    for (const type of Object.values(feature))
      if (
        typeof type === 'function' &&
        type.prototype !== undefined &&
        Object.prototype.isPrototypeOf.call(type.prototype, value)
      )
        return refuse(`A ${type.name}`);
  }
  return undefined;
}

function cloneRest(value: object, memory: Memory): unknown {
  if (ArrayBuffer.isView(value)) return cloneView(value, memory);
  if (hasSlot(mapSize, value)) {
    const copy = new Map();
    memory.set(value, copy);
    for (const [key, each] of [...Reflect.apply(Map.prototype.entries, value, [])])
      copy.set(clone(key, memory), clone(each, memory));
    return copy;
  }
  if (hasSlot(setSize, value)) {
    const copy = new Set();
    memory.set(value, copy);
    for (const each of [...Reflect.apply(Set.prototype.values, value, [])]) copy.add(clone(each, memory));
    return copy;
  }
  if (value !== RegExp.prototype && hasSlot(regExpSource, value)) {
    const { source, flags } = value as RegExp;
    return remember(value, new RegExp(source, flags), memory);
  }
  if (isError(value)) return cloneError(value as Error, memory);
  if (isOpaque(value)) return refuse('Such an object');
  return cloneMembers(value, {}, memory);
}

/** Whether an object has inner slots of its own that nothing can be made of. */
function isOpaque(value: object): boolean {
  return (
    hasSlot(function (this: unknown) {
      Reflect.apply(WeakMap.prototype.has, this, [value]);
    }, value) ||
    hasSlot(function (this: unknown) {
      Reflect.apply(WeakSet.prototype.has, this, [value]);
    }, value) ||
    hasSlot(WeakRef.prototype.deref as never, value) ||
    Object.prototype.toString.call(value) === '[object Promise]' ||
    Object.prototype.toString.call(value) === '[object Generator]'
  );
}

function cloneView(view: ArrayBufferView, memory: Memory): unknown {
  const { buffer } = view;
  const isOutside = !(buffer as ArrayBuffer).detached && isOutOfBounds(view);
  if (isOutside) return refuse('A view that reaches beyond its buffer');
  const copied = clone(buffer, memory) as ArrayBuffer;
  const tag = Reflect.apply(tagOfView, view, []) as string | undefined;
  const type = (tag === undefined ? DataView : VIEWS[tag]) as Uint8ArrayConstructor;
  const length = tag === undefined ? view.byteLength : (view as Uint8Array).length;
  const copy = new type(copied, view.byteOffset, length);
  memory.set(view, copy);
  return copy;
}

const VIEWS: Readonly<Record<string, unknown>> = Object.fromEntries(
  'Int8 Uint8 Uint8Clamped Int16 Uint16 Int32 Uint32 BigInt64 BigUint64 Float16 Float32 Float64'
    .split(' ')
    .map((name) => [`${name}Array`, Reflect.get(globalThis, `${name}Array`)]),
);

function isOutOfBounds(view: ArrayBufferView): boolean {
  if (!(view.buffer as ArrayBuffer).resizable) return false;
  try {
    if (view instanceof DataView) return view.byteLength < 0;
    // Of a view that is out of bounds a method tells, its length does not.
    Reflect.apply(Uint8Array.prototype.at, view, [0]);
    return false;
  } catch {
    return true;
  }
}

function cloneError(error: Error, memory: Memory): Error {
  const name = `${error.name}`;
  const message = Object.getOwnPropertyDescriptor(error, 'message');
  const type = (Object.hasOwn(ERRORS, name) ? ERRORS[name] : undefined) ?? Error;
  const copy = message !== undefined && 'value' in message ? new type(`${message.value}`) : new type();
  memory.set(error, copy);
  const { stack } = error;
  if (typeof stack === 'string')
    Object.defineProperty(copy, 'stack', { value: stack, writable: true, configurable: true });
  if (Object.hasOwn(error, 'cause'))
    Object.defineProperty(copy, 'cause', {
      value: clone(error.cause, memory),
      writable: true,
      configurable: true,
    });
  return copy;
}

function cloneMembers(value: object, copy: object, memory: Memory): object {
  memory.set(value, copy);
  for (const key of Object.keys(value)) {
    // A getter may have taken away what comes later.
    if (!Object.hasOwn(value, key)) continue;
    Object.defineProperty(copy, key, {
      value: clone(Reflect.get(value, key), memory),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}
