import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halfOffset, JOURNAL, JOURNAL_FILE_BYTES, JOURNAL_WINDOWS } from '../../core/index.ts';

/** Memory-backed on Linux, so that a write is a copy and nothing more. */
const SHARED_MEMORY = '/dev/shm';

function journalRoot(): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    return SHARED_MEMORY;
  } catch {
    return tmpdir();
  }
}

/** The journal of one cell: a file without a name that the cell inherits and the host reads after its death. */
export class JournalFile {
  readonly fd: number;
  #closed = false;

  constructor() {
    const dir = mkdtempSync(join(journalRoot(), 'hairspring-'));
    try {
      this.fd = openSync(join(dir, 'journal'), 'w+', 0o600);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  /** What the cell has written: the header, the active half and the windows, anything else as zeros. */
  read(): Uint8Array {
    // A cell in the wrong hands may have made the file as long as it likes.
    const size = Math.min(fstatSync(this.fd).size, JOURNAL_FILE_BYTES);
    const bytes = Buffer.alloc(Math.max(size, JOURNAL.headerBytes));
    this.#readInto(bytes, 0, JOURNAL.headerBytes);
    const start = halfOffset(bytes[JOURNAL.activeOffset] === 1 ? 1 : 0);
    this.#readInto(bytes, start, Math.min(bytes.length, start + JOURNAL.halfBytes));
    this.#readInto(bytes, JOURNAL_WINDOWS.offset, bytes.length);
    return bytes;
  }

  #readInto(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const count = readSync(this.fd, bytes, at, end - at, at);
      if (count === 0) return;
      at += count;
    }
  }

  get killReason(): number {
    return this.#byteAt(JOURNAL.reasonOffset);
  }

  /** Slot of the entry that the watchdog killed the cell for; undefined when it did not, or does not know. */
  get killSlot(): number | undefined {
    const byte = this.#byteAt(JOURNAL.slotOffset);
    return byte === 0 ? undefined : byte - 1;
  }

  /** How often the cell has received the messages of a dead one, modulo 256. */
  get adoptions(): number {
    return this.#byteAt(JOURNAL.adoptionsOffset);
  }

  #byteAt(offset: number): number {
    const byte = Buffer.alloc(1);
    readSync(this.fd, byte, 0, 1, offset);
    return byte[0] ?? 0;
  }

  /** Mark of the function that took the memory for which the cell was killed; 0 when none is known. */
  get culpritMark(): number {
    const bytes = Buffer.alloc(4);
    readSync(this.fd, bytes, 0, bytes.length, JOURNAL.culpritOffset);
    return bytes.readUInt32LE();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.fd);
  }
}
