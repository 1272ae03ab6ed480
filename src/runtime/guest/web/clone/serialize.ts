/** https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal, without a form in between. */
import { createDomException } from '../shared/events-types.ts';
import {
  BOXES,
  hasSlot,
  isError,
  platformClassOf,
  readBufferSize,
  readDate,
  readMapSize,
  readRegExpSource,
  readSetSize,
  readViewName,
} from '../shared/platform.ts';

/** What has been cloned, or transferred, by what it was. */
export type Memory = Map<unknown, unknown>;

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

export function clone(value: unknown, memory: Memory): unknown {
  if (typeof value === 'symbol') return refuse('A symbol');
  if (typeof value === 'function') return refuse('A function');
  if (typeof value !== 'object' || value === null) return value;
  if (memory.has(value)) return memory.get(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype && !(Symbol.toStringTag in value))
    return isError(value) ? cloneError(value, memory) : cloneMembers(value, {}, memory);
  if (Array.isArray(value)) return cloneMembers(value, new Array(value.length), memory);
  return remember(value, cloneSlots(value) ?? clonePlatform(value), memory) ?? cloneRest(value, memory);
}

function remember(value: object, copy: object | undefined, memory: Memory): object | undefined {
  if (copy !== undefined) memory.set(value, copy);
  return copy;
}

/** What holds no other value. */
function cloneSlots(value: object): object | undefined {
  if (hasSlot(readDate, value)) return new Date(Reflect.apply(readDate, value, []) as number);
  if (hasSlot(readBufferSize, value)) return copyBuffer(value as ArrayBuffer);
  for (const [name, read] of BOXES)
    if (hasSlot(read, value))
      return name === 'Symbol' ? refuse('A symbol') : Object(Reflect.apply(read, value, []));
  return undefined;
}

function copyBuffer(buffer: ArrayBuffer): ArrayBuffer {
  if (buffer.detached) return refuse('A detached ArrayBuffer');
  if (!buffer.resizable) return buffer.slice(0);
  const copy = new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength });
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

/** Objects of the platform: some features can clone theirs. */
function clonePlatform(value: object): object | undefined {
  for (const name of runtime.madeNames()) {
    const { clone: own } = (runtime.made(name)?.internals ?? {}) as {
      clone?(value: object): object | undefined;
    };
    const copy = own?.(value);
    if (copy !== undefined) return copy;
  }
  const type = platformClassOf(value);
  return type === undefined ? undefined : refuse(`A ${type.name}`);
}

function cloneRest(value: object, memory: Memory): unknown {
  if (ArrayBuffer.isView(value)) return cloneView(value, memory);
  if (hasSlot(readMapSize, value)) {
    const copy = new Map();
    memory.set(value, copy);
    for (const [key, each] of [...Reflect.apply(Map.prototype.entries, value, [])])
      copy.set(clone(key, memory), clone(each, memory));
    return copy;
  }
  if (hasSlot(readSetSize, value)) {
    const copy = new Set();
    memory.set(value, copy);
    for (const each of [...Reflect.apply(Set.prototype.values, value, [])]) copy.add(clone(each, memory));
    return copy;
  }
  if (value !== RegExp.prototype && hasSlot(readRegExpSource, value)) {
    const { source, flags } = value as RegExp;
    return remember(value, new RegExp(source, flags), memory);
  }
  if (isError(value)) return cloneError(value, memory);
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
  const tag = Reflect.apply(readViewName, view, []) as string | undefined;
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
