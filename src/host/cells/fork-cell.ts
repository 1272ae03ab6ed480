import { type ChildProcess, fork } from 'node:child_process';
import type { CellOptions } from '../../core/index.ts';
import { cellEntry, cellFlags } from './cell-flags.ts';

/** Descriptor at which a cell finds its journal: after stdin, stdout, stderr and the IPC channel. */
const JOURNAL_FD = 4;

/** Starts the process of a cell, which inherits the journal and nothing else. */
export function forkCell(options: Omit<CellOptions, 'journalFd'>, journalFd: number): ChildProcess {
  const cellOptions: CellOptions = { ...options, journalFd: JOURNAL_FD };
  return fork(cellEntry(), [JSON.stringify(cellOptions)], {
    execArgv: cellFlags(options.artifactDir),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', journalFd],
    // Nothing of the host's environment reaches a cell.
    env: {},
    // A Ctrl-C at the terminal is the host's to handle: it drains the cell first.
    detached: true,
  });
}
