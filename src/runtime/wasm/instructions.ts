/** `count` numbers follow an instruction, and then `bytes` bytes. */
const plain = (count: number, bytes = 0): number => count | (bytes << 2);
/** Of a plain one: how many numbers, and how many bytes. */
export const numbersOf = (operands: number): number => operands & 3;
export const bytesOf = (operands: number): number => operands >> 2;

/**
 * What follows an instruction. What is not listed is unknown, that is, taken for something that may change
 * anything: references to structures, threads, and whatever comes after this was written.
 * https://webassembly.github.io/spec/core/binary/instructions.html
 */
export const OPERANDS = {
  none: plain(0),
  number: plain(1),
  numbers: plain(2),
  byte: plain(0, 1),
  bytes4: plain(0, 4),
  bytes8: plain(0, 8),
  bytes16: plain(0, 16),
  /** Those that are not plain are larger than this. */
  plain: 127,
  /** An alignment, a memory where its bit says so, and an offset. */
  memory: 128,
  /** That, and a lane. */
  memoryLane: 129,
  block: 130,
  branchTable: 131,
  types: 132,
  tryTable: 133,
  end: 134,
  /** The end of a `try`, with the number of a block. */
  delegate: 135,
  /** The instruction's number follows. */
  extended: 136,
  vector: 137,
  unknown: 255,
} as const;

type Range = readonly [first: number, last: number, operands: number];

const PLAIN: readonly Range[] = [
  [0x00, 0x01, OPERANDS.none],
  [0x02, 0x04, OPERANDS.block],
  [0x05, 0x05, OPERANDS.none], // else
  [0x06, 0x06, OPERANDS.block], // try
  [0x07, 0x09, OPERANDS.number], // catch, throw, rethrow
  [0x0a, 0x0a, OPERANDS.none], // throw_ref
  [0x0b, 0x0b, OPERANDS.end],
  [0x0c, 0x0d, OPERANDS.number],
  [0x0e, 0x0e, OPERANDS.branchTable],
  [0x0f, 0x0f, OPERANDS.none],
  [0x10, 0x10, OPERANDS.number],
  [0x11, 0x11, OPERANDS.numbers],
  [0x12, 0x12, OPERANDS.number],
  [0x13, 0x13, OPERANDS.numbers],
  [0x18, 0x18, OPERANDS.delegate],
  [0x19, 0x1b, OPERANDS.none],
  [0x1c, 0x1c, OPERANDS.types],
  [0x1f, 0x1f, OPERANDS.tryTable],
  [0x20, 0x25, OPERANDS.number], // up to table.get; table.set is 0x26
  [0x28, 0x3e, OPERANDS.memory],
  [0x3f, 0x42, OPERANDS.number],
  [0x43, 0x43, OPERANDS.bytes4],
  [0x44, 0x44, OPERANDS.bytes8],
  [0x45, 0xc4, OPERANDS.none],
  [0xd0, 0xd0, OPERANDS.number],
  [0xd1, 0xd1, OPERANDS.none],
  [0xd2, 0xd2, OPERANDS.number],
  [0xfc, 0xfc, OPERANDS.extended],
  [0xfd, 0xfd, OPERANDS.vector],
];

/** After 0xFC. Not listed: data.drop, and all that changes a table or its elements. */
const EXTENDED_RANGES: readonly Range[] = [
  [0, 7, OPERANDS.none],
  [8, 8, OPERANDS.numbers], // memory.init
  [10, 10, OPERANDS.numbers], // memory.copy
  [11, 11, OPERANDS.number], // memory.fill
  [16, 16, OPERANDS.number], // table.size
];

/** After 0xFD. */
const VECTOR_RANGES: readonly Range[] = [
  [0, 11, OPERANDS.memory],
  [12, 13, OPERANDS.bytes16],
  [14, 20, OPERANDS.none],
  [21, 34, OPERANDS.byte],
  [35, 83, OPERANDS.none],
  [84, 91, OPERANDS.memoryLane],
  [92, 93, OPERANDS.memory],
  [94, 0x113, OPERANDS.none],
];

function tableOf(ranges: readonly Range[], size: number): Uint8Array {
  const table = new Uint8Array(size).fill(OPERANDS.unknown);
  for (const [first, last, operands] of ranges) table.fill(operands, first, last + 1);
  return table;
}

export const INSTRUCTIONS: Uint8Array = tableOf(PLAIN, 256);
export const EXTENDED: Uint8Array = tableOf(EXTENDED_RANGES, 32);
export const VECTOR: Uint8Array = tableOf(VECTOR_RANGES, 0x120);
