import { bytesOf, EXTENDED, INSTRUCTIONS, numbersOf, OPERANDS, VECTOR } from './instructions.ts';
import { type ModuleOutline, SECTION } from './module-outline.ts';

/** Reading more code takes milliseconds, which a wake does not have. */
const MAX_CODE_BYTES = 512 * 1024;
const FUNCREF = 0x70;
const MEMORY_NUMBER_FOLLOWS = 0x40;
const REFERENCES: ReadonlySet<number | undefined> = new Set([0x63, 0x64]);
const CATCH_ALL = 2;

/**
 * Whether tables, elements and data of a module are after any run as they were before. Only an instruction can
 * change them, so every function is read, in lockstep with the engine: what that does not take is refused
 * when the module is compiled, and what this does not know counts as a change.
 */
export function keepsTables(bytes: Uint8Array, { tables, sections, imports }: ModuleOutline): boolean {
  // Without these there is nothing to change: data may be dropped only where their count is given.
  const needed = [SECTION.table, SECTION.element, SECTION.dataCount];
  if (!needed.some((id) => sections.has(id)) && !imports.some(({ kind }) => kind === 'table')) return true;
  if (tables.some(({ type }) => type !== FUNCREF)) return false;
  const code = sections.get(SECTION.code);
  if (code === undefined) return true;
  if (code.end - code.contentStart > MAX_CODE_BYTES) return false;
  const reader = new CodeReader(bytes, code.contentStart);
  for (let count = reader.number(); count > 0; count -= 1) if (!reader.readFunction()) return false;
  return reader.at === code.end;
}

/**
 * Reads code, most of it before V8 has optimized this: past the end there are zeros, and whoever reads a
 * function finds that it does not end where it should.
 */
class CodeReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  #byte(): number {
    const value = this.#bytes[this.at] ?? 0;
    this.at += 1;
    return value;
  }

  /** Unsigned and at most 32 bits: what is written with more is refused by the engine. */
  number(): number {
    let value = 0;
    let factor = 1;
    for (let byte = this.#byte(); ; byte = this.#byte()) {
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  #skipNumbers(count: number): void {
    for (let left = count; left > 0; left -= 1) while (this.#byte() >= 0x80);
  }

  /** @returns whether all of the next function was understood, and changes no table */
  readFunction(): boolean {
    const bytes = this.#bytes;
    const length = this.number();
    const end = this.at + length;
    for (let count = this.number(); count > 0 && this.at < end; count -= 1) {
      this.#skipNumbers(1);
      this.#skipType();
    }
    let { at } = this;
    let depth = 1;
    while (depth > 0 && at < end) {
      const operands = INSTRUCTIONS[bytes[at] ?? 0] ?? OPERANDS.unknown;
      at += 1;
      if (operands === OPERANDS.number) {
        while ((bytes[at] ?? 0) >= 0x80) at += 1;
        at += 1;
        continue;
      }
      if (operands === OPERANDS.none) continue;
      this.at = at;
      if (operands === OPERANDS.end || operands === OPERANDS.delegate) depth -= 1;
      else if (operands === OPERANDS.block || operands === OPERANDS.tryTable) depth += 1;
      if (!this.#skipOperands(operands, end)) return false;
      at = this.at;
    }
    this.at = at;
    return depth === 0 && at === end;
  }

  /** @returns whether they were understood */
  #skipOperands(operands: number, end: number): boolean {
    if (operands <= OPERANDS.plain) {
      this.#skipNumbers(numbersOf(operands));
      this.at += bytesOf(operands);
      return true;
    }
    switch (operands) {
      case OPERANDS.end:
        return true;
      case OPERANDS.delegate:
        this.#skipNumbers(1);
        return true;
      case OPERANDS.memory:
      case OPERANDS.memoryLane:
        this.#skipNumbers((this.number() & MEMORY_NUMBER_FOLLOWS) === 0 ? 1 : 2);
        if (operands === OPERANDS.memoryLane) this.at += 1;
        return true;
      case OPERANDS.block:
        this.#skipType();
        return true;
      case OPERANDS.branchTable:
        for (let left = this.number() + 1; left > 0 && this.at < end; left -= 1) this.#skipNumbers(1);
        return true;
      case OPERANDS.types:
        for (let left = this.number(); left > 0 && this.at < end; left -= 1) this.#skipType();
        return true;
      case OPERANDS.tryTable:
        this.#skipType();
        for (let left = this.number(); left > 0 && this.at < end; left -= 1)
          this.#skipNumbers(this.#byte() < CATCH_ALL ? 2 : 1);
        return true;
      case OPERANDS.extended:
        return this.#skipOperands(EXTENDED[this.number()] ?? OPERANDS.unknown, end);
      case OPERANDS.vector:
        return this.#skipOperands(VECTOR[this.number()] ?? OPERANDS.unknown, end);
      default:
        return false;
    }
  }

  /** A type of a value, or of a block, which may be none, and may be the number of a type. */
  #skipType(): void {
    this.#skipNumbers(REFERENCES.has(this.#bytes[this.at]) ? 2 : 1);
  }
}
