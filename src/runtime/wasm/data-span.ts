import { BinaryReader } from './binary-reader.ts';
import { readAddress } from './constant-expression.ts';
import { type ModuleOutline, SECTION } from './module-outline.ts';

/** Where memory is not zero at the start of an instance. */
export interface DataSpan {
  readonly start: number;
  readonly end: number;
}

const PASSIVE = 1;
const WITH_MEMORY = 2;

/** The least part of memory that holds all data which a module puts there by itself; all of it where that cannot be told. */
export function findDataSpan(bytes: Uint8Array, { sections }: ModuleOutline, memoryBytes: number): DataSpan {
  const section = sections.get(SECTION.data);
  if (section === undefined) return { start: 0, end: 0 };
  let start = memoryBytes;
  let end = 0;
  const reader = new BinaryReader(bytes, section.contentStart, section.end);
  for (let count = reader.unsigned(); count > 0; count -= 1) {
    const flags = reader.unsigned();
    if (flags > WITH_MEMORY) return { start: 0, end: memoryBytes };
    if (flags === WITH_MEMORY) reader.unsigned();
    const address = flags === PASSIVE ? undefined : readAddress(reader);
    if (flags !== PASSIVE && address === undefined) return { start: 0, end: memoryBytes };
    const length = reader.unsigned();
    reader.skip(length);
    if (address === undefined || length === 0) continue;
    start = Math.min(start, address);
    end = Math.max(end, address + length);
  }
  // Data outside the memory ends the making of an instance.
  return end > memoryBytes ? { start: 0, end: memoryBytes } : { start: Math.min(start, end), end };
}
