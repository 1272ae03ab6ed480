/** The binary format of components: numbers, names, lists and sections. */

export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** An index among types is signed, so that it is told from a primitive. */
export function typeIndex(index: number): number[] {
  return index < 0x40 ? [index] : [(index & 0x7f) | 0x80, ...typeIndex(index >>> 7)];
}

export function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
}

export const externName = (text: string): number[] => [0, ...name(text)];

export function list(items: readonly (readonly number[])[]): number[] {
  return unsigned(items.length).concat(items.flat());
}

export function section(id: number, items: readonly (readonly number[])[]): Uint8Array {
  const content = Uint8Array.from(list(items));
  return Buffer.concat([Uint8Array.from([id, ...unsigned(content.length)]), content]);
}

const HEADER = Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);

export function joinSections(...sections: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([HEADER, ...sections]);
}

export function moduleSection(module: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([1, ...unsigned(module.length)]), module]);
}
