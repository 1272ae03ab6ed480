/** What a set of processes does while a hazard runs, seen from outside. */
import { readFileSync } from 'node:fs';
import { isAlive } from '../../support/host.ts';

const POLL_MS = 10;

export interface ProcessWatch extends Disposable {
  /** Largest memory of one of them, in bytes; 0 where there is no /proc. */
  readonly peakBytes: number;
  /** When one of them was found dead, since the epoch. */
  readonly deathsMs: readonly number[];
}

/** Watches the processes `pids`, and from then on those that `add` names. */
export function watchProcesses(
  pids: readonly number[],
): ProcessWatch & { add(pids: readonly number[]): void } {
  const seen = new Set(pids);
  const alive = new Set(pids);
  const deathsMs: number[] = [];
  let peakBytes = 0;
  const look = (): void => {
    for (const pid of alive) {
      peakBytes = Math.max(peakBytes, peakOf(pid));
      if (isAlive(pid)) continue;
      alive.delete(pid);
      deathsMs.push(Date.now());
    }
  };
  const timer = setInterval(look, POLL_MS);
  return {
    get peakBytes() {
      return peakBytes;
    },
    deathsMs,
    add(more) {
      for (const pid of more) {
        if (!seen.has(pid)) alive.add(pid);
        seen.add(pid);
      }
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function peakOf(pid: number): number {
  try {
    const [, kib = '0'] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(kib) * 1_024;
  } catch {
    return 0;
  }
}
