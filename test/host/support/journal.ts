/** Journals of dead cells, and what is recovered from them. */
import { randomBytes } from 'node:crypto';
import {
  halfOffset,
  JOURNAL,
  JOURNAL_FILE_BYTES,
  JOURNAL_WINDOWS,
  type JournalRecordType,
  toFill,
} from '../../../src/core/index.ts';
import type { SidLookup } from '../../../src/host/cells/message-parser.ts';
import { Recovery } from '../../../src/host/cells/recovery.ts';

export type Entry = readonly [type: JournalRecordType, data?: string | Uint8Array];

/** A journal file with these records in one half. */
export function journal(records: readonly Entry[], active = 0): Uint8Array {
  const file = Buffer.alloc(halfOffset(2));
  file[JOURNAL.activeOffset] = active;
  let at = halfOffset(active);
  for (const [type, data = ''] of records) {
    const bytes = Buffer.from(data);
    file[at] = type;
    file.writeUInt32LE(bytes.length, at + 1);
    bytes.copy(file, at + JOURNAL.recordHeaderBytes);
    at += JOURNAL.recordHeaderBytes + bytes.length;
  }
  return file;
}

/** Subscription 1 is function "f", 2 is "g"; others are nobody's. */
export const lookup: SidLookup = (sid) =>
  sid === 1 || sid === 2 ? { functionId: sid === 1 ? 'f' : 'g', triggerKey: `${sid}` } : undefined;

export function msg(reply: string, data = '', sid = 1): string {
  return `MSG s.${sid} ${sid} ${reply === '' ? '' : `${reply} `}${Buffer.byteLength(data)}\r\n${data}\r\n`;
}

/** Callers are answered at all of them that do not begin with `$`. */
export const replySubjects = { refuses: (reply: string): boolean => reply.startsWith('$') };

/**
 * What every caller of a dead cell is owed, by its journal and what was `unread` in its socket.
 * @param isAll whether nothing comes behind `unread`
 */
export function recover(journal: Uint8Array, unread: Uint8Array, lookup: SidLookup, isAll: boolean = true) {
  const recovery = new Recovery(journal, lookup, replySubjects);
  recovery.add(unread);
  if (isAll) recovery.end();
  const { enteredFunctionId, heavyFunctionIds, open, unstarted } = recovery;
  return { enteredFunctionId, heavyFunctionIds, open, unstarted };
}

/** What is recovered, as short as a test can tell it. */
export interface Owed {
  /** `reply:function`. */
  readonly open: readonly string[];
  /** Their reply subjects. */
  readonly unstarted: readonly string[];
  readonly entered: string | undefined;
}

export function owed({
  open: begun,
  unstarted,
  enteredFunctionId,
}: Pick<Recovery, 'open' | 'unstarted' | 'enteredFunctionId'>): Owed {
  return {
    open: begun.map(({ reply, functionId }) => `${reply}:${functionId ?? '?'}`),
    unstarted: unstarted.map(({ reply }) => reply),
    entered: enteredFunctionId,
  };
}

/** A journal with these records, and bytes in its two windows. */
export function withWindows(
  records: readonly Entry[],
  ...windows: readonly (string | Uint8Array)[]
): Uint8Array {
  const file = Buffer.alloc(JOURNAL_FILE_BYTES);
  file.set(journal(records));
  const fill = toFill(randomBytes(JOURNAL.windowBytes));
  for (const part of [0, 1, 2]) file.set(fill, JOURNAL_WINDOWS.offset + part * JOURNAL.windowBytes);
  for (const [index, bytes] of windows.entries())
    Buffer.from(bytes).copy(file, JOURNAL_WINDOWS.offset + index * JOURNAL.windowBytes);
  return file;
}
