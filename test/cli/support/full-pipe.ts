import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** The end to write to of a pipe that is full and that nobody reads. */
export interface FullPipe extends Disposable {
  readonly fd: number;
}

/** @param path where there is nothing yet */
export function openFullPipe(path: string): FullPipe {
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  for (const bytes of [4_096, 1]) fill(fd, Buffer.alloc(bytes));
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

function fill(fd: number, piece: Buffer): void {
  try {
    for (;;) writeSync(fd, piece);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
  }
}
