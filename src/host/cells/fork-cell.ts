import { type ChildProcess, fork } from 'node:child_process';
import type { CellOptions } from '../../core/index.ts';
import { cellEntry, cellFlags } from './cell-flags.ts';

/** Descriptor at which a cell finds its journal: after stdin, stdout, stderr and the IPC channel. */
const JOURNAL_FD = 4;

/**
 * For glibc: large blocks are mapped and given back one by one, and the end of the heap is given back
 * early. By itself glibc raises both bounds after the first large payload, and isolates that come and go
 * among the payloads then leave holes that it keeps.
 */
const ALLOCATOR = {
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '2097152',
  MALLOC_ARENA_MAX: '2',
};

/** Starts the process of a cell, which inherits the journal and nothing else. */
export function forkCell(options: Omit<CellOptions, 'journalFd'>, journalFd: number): ChildProcess {
  const cellOptions: CellOptions = { ...options, journalFd: JOURNAL_FD };
  return fork(cellEntry(), [JSON.stringify(cellOptions)], {
    execArgv: cellFlags(options.artifactDir),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', journalFd],
    // Nothing of the host's environment reaches a cell.
    env: ALLOCATOR,
    // A Ctrl-C at the terminal is the host's to handle: it drains the cell first.
    detached: true,
  });
}
