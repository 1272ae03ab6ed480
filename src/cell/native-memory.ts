import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { JOURNAL, JOURNAL_WINDOWS, toFill } from '../core/index.ts';
import type { ReadWindows } from './window-reader.ts';

/** https://man7.org/linux/man-pages/man2/mmap.2.html: the same numbers on Linux and on macOS. */
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** In the journal. */
export interface JournalWindows extends ReadWindows {
  /** Whether they outlive this process. */
  readonly shared: boolean;
}

export interface NativeMemory {
  readonly windows: JournalWindows;
  /** Gives the system the pages that the C library holds and does not use; not everywhere. */
  readonly trim: (() => void) | undefined;
}

/**
 * Maps the journal's two windows and their fill into memory: what the kernel writes there at a read is in the file
 * whatever becomes of the process then. Where that cannot be had the windows are ordinary memory.
 *
 * This needs Node's foreign function interface, whose permission is dropped for good before this returns.
 */
export async function openNativeMemory(fd: number): Promise<NativeMemory> {
  const mapped = await mapWindows(fd).catch(() => undefined);
  const trim = await findTrim().catch(() => undefined);
  process.permission?.drop('ffi');
  return {
    windows: {
      ...fillWindows(mapped ?? new ArrayBuffer(JOURNAL_WINDOWS.bytes)),
      shared: mapped !== undefined,
    },
    trim,
  };
}

/** https://man7.org/linux/man-pages/man3/malloc_trim.3.html: glibc alone has it. */
async function findTrim(): Promise<() => void> {
  const { DynamicLibrary } = await import('node:ffi');
  const trim = new DynamicLibrary(null).getFunction('malloc_trim', {
    arguments: ['uint64'],
    return: 'int32',
  });
  return () => void trim(0n);
}

function fillWindows(memory: ArrayBuffer): ReadWindows {
  const part = (index: number): Uint8Array =>
    new Uint8Array(memory, index * JOURNAL.windowBytes, JOURNAL.windowBytes);
  const buffers = [part(0), part(1)] as const;
  const fill = part(2);
  fill.set(toFill(randomBytes(fill.length)));
  for (const buffer of buffers) buffer.set(fill);
  return { buffers, fill };
}

async function mapWindows(fd: number): Promise<ArrayBuffer | undefined> {
  const { offset, bytes } = JOURNAL_WINDOWS;
  // The file must have these pages: without room for one, a write to the mapping would end the process.
  writeSync(fd, new Uint8Array(bytes), 0, bytes, offset);
  const { DynamicLibrary, toArrayBuffer } = await import('node:ffi');
  const own = new DynamicLibrary(null);
  const mmap = own.getFunction('mmap', {
    arguments: ['pointer', 'uint64', 'int32', 'int32', 'int32', 'int64'],
    return: 'pointer',
  });
  const address = mmap(0n, BigInt(bytes), PROT_READ_WRITE, MAP_SHARED, fd, BigInt(offset));
  return address === MAP_FAILED ? undefined : toArrayBuffer(address, bytes, false);
}
