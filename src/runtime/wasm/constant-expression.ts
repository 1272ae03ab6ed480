import type { BinaryReader } from './binary-reader.ts';

const I32_CONST = 0x41;
const END = 0x0b;

/**
 * Bytes after each instruction of a constant expression; a number of any length where it is undefined.
 * https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
 */
const OPERAND_BYTES: ReadonlyMap<number, number | undefined> = new Map([
  [I32_CONST, undefined],
  [0x42, undefined], // i64.const
  [0x43, 4], // f32.const
  [0x44, 8], // f64.const
  [0x23, undefined], // global.get
  [0xd0, undefined], // ref.null
  [0xd2, undefined], // ref.func
  [0x6a, 0], // i32.add, sub, mul, and the same of i64
  [0x6b, 0],
  [0x6c, 0],
  [0x7c, 0],
  [0x7d, 0],
  [0x7e, 0],
]);

/** @returns whether it was understood */
export function skipConstant(reader: BinaryReader): boolean {
  for (let code = reader.byte(); code !== END; code = reader.byte()) {
    if (!OPERAND_BYTES.has(code)) return false;
    const bytes = OPERAND_BYTES.get(code);
    if (bytes === undefined) reader.skipNumber();
    else reader.skip(bytes);
  }
  return true;
}

/** @returns an address that is written as one number; undefined for any other expression */
export function readAddress(reader: BinaryReader): number | undefined {
  if (reader.byte() !== I32_CONST) return undefined;
  let value = 0;
  let shift = 0;
  for (let byte = reader.byte(); ; byte = reader.byte()) {
    value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte >= 0x80) continue;
    if (shift < 32 && (byte & 0x40) !== 0) value |= -1 << shift;
    return reader.byte() === END ? value >>> 0 : undefined;
  }
}
