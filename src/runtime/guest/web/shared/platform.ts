/** The class of the platform that a value is an instance of; a class that nobody has asked for has none. */
export function platformClassOf(value: object): (new (...args: never[]) => object) | undefined {
  let found: (new (...args: never[]) => object) | undefined;
  for (const name of runtime.madeNames()) {
    for (const type of Object.values(runtime.made(name) ?? {})) {
      if (typeof type !== 'function' || type.prototype === undefined) continue;
      if (!Reflect.apply(Object.prototype.isPrototypeOf, type.prototype, [value])) continue;
      // The most special one.
      if (found === undefined || type.prototype instanceof found) found = type as never;
    }
  }
  return found;
}

/** What only a holder of an inner slot lets be called. */
export type SlotReader = (this: unknown) => unknown;

/** Whether a value has the inner slot that `read` asks for. */
export function hasSlot(read: SlotReader, value: object): boolean {
  try {
    Reflect.apply(read, value, []);
    return true;
  } catch {
    return false;
  }
}

function getterOf(prototype: object, name: PropertyKey): SlotReader {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as SlotReader;
}

export const readBufferSize = getterOf(ArrayBuffer.prototype, 'byteLength');
export const readMapSize = getterOf(Map.prototype, 'size');
export const readSetSize = getterOf(Set.prototype, 'size');
export const readRegExpSource = getterOf(RegExp.prototype, 'source');
/** The name of its class, of a typed array; `undefined` of anything else. */
export const readViewName = getterOf(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
export const readDate = Date.prototype.getTime as unknown as SlotReader;

/** The primitives that may be boxed, by the reader of the box. */
export const BOXES: readonly (readonly [string, SlotReader])[] = [
  Boolean,
  Number,
  String,
  BigInt,
  Symbol,
].map((type) => [type.name, type.prototype.valueOf as SlotReader] as const);

export const { isError } = Error as unknown as { isError(value: unknown): value is Error };
