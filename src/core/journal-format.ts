/**
 * The in-flight journal of a cell: a file on tmpfs that outlives the process, written by the cell and
 * read by the host after the cell's death. It holds the bytes that came in on the NATS connection,
 * and the reply subjects of what was started and answered (docs/decisions/0002).
 *
 * Layout: a header, two halves, two windows, a fill. Records are appended to the active half; when it is full,
 * what is still open is written to the other half, which then becomes the active one.
 * A record is one type byte, its length as an unsigned 32-bit little-endian number, and its bytes.
 *
 * The cell maps the windows into its memory and reads from its socket straight into them, in turns: so
 * there is no moment at which bytes have left the socket and are not in this file. Around what was read a
 * window holds the same as the fill, which the cell draws by lot and nobody outside knows: so the end of a read
 * can be told. Once the bytes are on record their place is filled again.
 */
export const JOURNAL = {
  /** One byte: why the watchdog killed the cell (0: it did not). */
  reasonOffset: 0,
  /** One byte: the active half, 0 or 1. */
  activeOffset: 1,
  /** One byte: 1 from when a record could not be written until a half is begun that tells all. */
  incompleteOffset: 2,
  /** One byte: the window that is read into next, as of when the active half was begun. */
  windowOffset: 3,
  /** One byte: one more than the slot of the entry that the watchdog killed the cell for (0: it does not know). */
  slotOffset: 4,
  /** One byte: how often messages of dead cells have been received, each time all of them (modulo 256). */
  adoptionsOffset: 5,
  /** Unsigned 32-bit little-endian: mark of the function that took the memory for which the watchdog killed, or 0. */
  culpritOffset: 8,
  headerBytes: 16,
  halfBytes: 16 * 1024 ** 2,
  recordHeaderBytes: 5,
  /** As much as libuv reads at once. */
  windowBytes: 64 * 1024,
} as const;

/** Values of the reason byte, written by the watchdog just before it kills the cell. */
export const KILL_REASONS = { hang: 1, memory: 2 } as const;

export const JOURNAL_RECORD = {
  /** End of the half. */
  end: 0,
  /** Bytes as they were read from the NATS connection, into the first window. */
  inbound: 1,
  /** An isolate is entered on the main thread: function id, then what starts with this entry, by reply subject, or an HTTP request by its {@link requestName}, joined by line feeds. */
  enter: 2,
  /** The isolate on the main thread has been left. */
  leave: 3,
  /** Reply subjects that have been answered. Written by the main thread outside of every isolate, so it says `leave` too. */
  answered: 4,
  /** Reply subjects that were open when the half was begun. */
  open: 5,
  /** Inbound bytes are missing from here on: no room was left in the middle of a message. */
  gap: 6,
  /** Like `inbound`, for the second window. */
  inboundSecond: 7,
  /** An isolate is entered on a thread of the heavy lane: its slot, then as with `enter`. */
  enterHeavy: 8,
  /** The isolate of the slot has been left. */
  leaveHeavy: 9,
  /** The number of the last HTTP request that had come when the half was begun: those up to it may have begun. */
  requests: 10,
} as const;

/** How the journal names an HTTP request; no reply subject has a space in it. */
export function requestName(requestId: number): string {
  return ` ${requestId}`;
}

/** The HTTP request that is named so; undefined for a reply subject. */
export function namedRequest(name: string): number | undefined {
  return name.startsWith(' ') ? Number(name) : undefined;
}

export type JournalRecordType = (typeof JOURNAL_RECORD)[keyof typeof JOURNAL_RECORD];

export interface JournalRecord {
  readonly type: JournalRecordType;
  readonly data: Uint8Array;
}

/** Where the half `active` begins in the file. */
export function halfOffset(active: number): number {
  return JOURNAL.headerBytes + active * JOURNAL.halfBytes;
}

/** Offset and bytes of the windows and, behind them, the fill: whole pages, as a mapping has them. */
export const JOURNAL_WINDOWS = { offset: 33 * 1024 ** 2, bytes: 3 * JOURNAL.windowBytes } as const;

/** Length of the file. */
export const JOURNAL_FILE_BYTES: number = JOURNAL_WINDOWS.offset + JOURNAL_WINDOWS.bytes;

/** The bytes of a fill: none that UTF-8 has, as heads and subjects are. @param lots one random byte for each */
export function toFill(lots: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(lots.map((lot) => lot | 0xf8));
}

/** What is in a window. */
export interface LastRead {
  readonly bytes: Uint8Array;
  /** The fill behind them, or more of them that happen to be the same. */
  readonly behind: Uint8Array;
}

export function readWindow(file: Uint8Array, window: 0 | 1): LastRead {
  const part = (index: number): Uint8Array => {
    const start = JOURNAL_WINDOWS.offset + index * JOURNAL.windowBytes;
    return file.subarray(start, start + JOURNAL.windowBytes);
  };
  const found = part(window);
  const fill = part(2);
  const end = found.findLastIndex((byte, at) => byte !== fill[at]) + 1;
  return { bytes: found.subarray(0, end), behind: found.subarray(end) };
}

/** The records of the active half of a journal file, up to its end or the first torn record. */
export function* readJournal(file: Uint8Array): Generator<JournalRecord> {
  const active = file[JOURNAL.activeOffset] === 1 ? 1 : 0;
  const half = file.subarray(halfOffset(active), halfOffset(active) + JOURNAL.halfBytes);
  const view = new DataView(half.buffer, half.byteOffset, half.byteLength);
  let at = 0;
  while (at + JOURNAL.recordHeaderBytes <= half.length) {
    const type = half[at] as JournalRecordType;
    const bytes = view.getUint32(at + 1, true);
    const start = at + JOURNAL.recordHeaderBytes;
    if (type === JOURNAL_RECORD.end || type > JOURNAL_RECORD.requests || start + bytes > half.length) return;
    yield { type, data: half.subarray(start, start + bytes) };
    at = start + bytes;
  }
}
