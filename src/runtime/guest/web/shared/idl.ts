/** What Web IDL asks of every interface. https://webidl.spec.whatwg.org */

type AnyConstructor = abstract new (...args: never[]) => object;

/** Gives a class its tag, and makes its members enumerable as those of an interface are. */
export function defineInterface(type: AnyConstructor, tag: string): void {
  showMembers(type.prototype, 'constructor');
  showMembers(type, 'prototype', 'name', 'length');
  Object.defineProperty(type.prototype, Symbol.toStringTag, { value: tag, configurable: true });
  // The bundler renames a class that speaks of itself.
  Object.defineProperty(type, 'name', { value: tag, configurable: true });
}

function showMembers(target: object, ...hidden: string[]): void {
  for (const name of Object.getOwnPropertyNames(target))
    if (!hidden.includes(name)) Object.defineProperty(target, name, { enumerable: true });
}

/** @throws TypeError */
export function requireArguments(given: number, needed: number, what: string): void {
  if (given < needed) throw new TypeError(`${what} takes ${needed} arguments, and has ${given}`);
}

/** A dictionary argument: nothing of it is read yet. @throws TypeError */
export function toDictionary(value: unknown, what: string): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' || typeof value === 'function') return value as Record<string, unknown>;
  throw new TypeError(`${what} is not an object`);
}

/** A sequence argument as an array, each item converted before the next is asked for. @throws TypeError */
export function toSequence<Item = unknown>(
  value: unknown,
  what: string,
  convert = (item: unknown): Item => item as Item,
): Item[] {
  const method: unknown =
    (typeof value === 'object' && value !== null) || typeof value === 'function'
      ? Reflect.get(value, Symbol.iterator)
      : undefined;
  if (typeof method !== 'function') throw new TypeError(`${what} is not a sequence`);
  const items: Item[] = [];
  for (const item of { [Symbol.iterator]: () => Reflect.apply(method, value, []) }) items.push(convert(item));
  return items;
}

/** One of `values`. @throws TypeError */
export function toEnum(value: unknown, values: readonly string[], what: string): string {
  const text = `${value}`;
  if (!values.includes(text)) throw new TypeError(`${what} "${text}" is none of ${values.join(', ')}`);
  return text;
}

/** A string of code points, not of halves of them. */
export function toUsvString(value: unknown): string {
  return `${value}`.toWellFormed();
}

/** A string of bytes. @throws TypeError */
export function toByteString(value: unknown, what: string): string {
  const text = `${value}`;
  for (let index = 0; index < text.length; index += 1)
    if (text.charCodeAt(index) > 255) throw new TypeError(`${what} has a character over U+00FF`);
  return text;
}

/** The bytes of a buffer or of a view of one, not copied; `undefined` for anything else. */
export function viewBytes(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** UTF-8 as text, without its byte order mark. */
export function decodeText(bytes: Uint8Array): string {
  return withoutMark(runtime.decodeUtf8(bytes, false));
}

export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
