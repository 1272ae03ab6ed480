import { Buffer } from 'node:buffer';
import { writeSync, writevSync } from 'node:fs';
import { halfOffset, JOURNAL, type JournalRecordType } from '../core/index.ts';

/** Records up to this size are put together in one buffer; larger ones are gathered by the kernel. */
const SCRATCH_BYTES = 64 * 1024;

/**
 * The file of the in-flight journal: two halves of records, of which one is written. Every write is one `pwrite` into
 * the page cache, about half a microsecond, and there it stays whatever becomes of this process. One that the memory
 * behind the file does not suffice for is told and never thrown about.
 */
export class JournalHalves {
  readonly #fd: number;
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES);
  /** The header of a record that is none: where the next one will be. */
  readonly #end = Buffer.alloc(JOURNAL.recordHeaderBytes);
  #active = 0;
  #used = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** How much the present half holds. */
  get used(): number {
    return this.#used;
  }

  /** Writes a record and the mark of the end behind it. @returns whether it is there */
  append(type: JournalRecordType, data: Uint8Array): boolean {
    const bytes = JOURNAL.recordHeaderBytes + data.length;
    // Room for one more empty record, so that a gap can always be told.
    if (this.#used + bytes + 2 * JOURNAL.recordHeaderBytes > JOURNAL.halfBytes) return false;
    const position = halfOffset(this.#active) + this.#used;
    const scratch = this.#scratch;
    scratch[0] = type;
    scratch.writeUInt32LE(data.length, 1);
    const parts =
      bytes + JOURNAL.recordHeaderBytes <= SCRATCH_BYTES
        ? undefined
        : [scratch.subarray(0, JOURNAL.recordHeaderBytes), data, this.#end];
    if (parts === undefined) {
      scratch.set(data, JOURNAL.recordHeaderBytes);
      scratch.fill(0, bytes, bytes + JOURNAL.recordHeaderBytes);
    }
    const count = this.#write(parts ?? scratch, bytes + JOURNAL.recordHeaderBytes, position);
    if (count >= bytes) {
      this.#used += bytes;
      return true;
    }
    // A record that is there in part must not be read as one.
    if (count > 0) this.#write(this.#end, this.#end.length, position);
    return false;
  }

  /**
   * Begins the other half with what `fill` appends.
   * @returns whether it is begun; when it or a part of `fill` cannot be written, the present one goes on
   */
  begin(fill: () => boolean): boolean {
    const before = { active: this.#active, used: this.#used };
    this.#active = 1 - before.active;
    this.#used = 0;
    const begun =
      this.#write(this.#end, this.#end.length, halfOffset(this.#active)) === this.#end.length &&
      fill() &&
      this.note(JOURNAL.activeOffset, this.#active);
    if (!begun) {
      this.#active = before.active;
      this.#used = before.used;
    }
    return begun;
  }

  /** Writes one byte before the halves. @returns whether it is there */
  note(offset: number, value: number): boolean {
    return this.#write(Uint8Array.of(value), 1, offset) === 1;
  }

  /** @returns how many bytes are written */
  #write(data: Uint8Array | Uint8Array[], bytes: number, position: number): number {
    try {
      return Array.isArray(data)
        ? writevSync(this.#fd, data, position)
        : writeSync(this.#fd, data, 0, bytes, position);
    } catch {
      return 0;
    }
  }
}
