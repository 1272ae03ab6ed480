/** What a set of processes does while a hazard runs, seen from outside. */
import { readFileSync } from 'node:fs';
import { isAlive } from '../../support/host.ts';

const POLL_MS = 10;

export interface ProcessWatch extends Disposable {
  /** Largest memory that one of them ever had, in bytes; 0 where there is no /proc. */
  readonly peakBytes: number;
  /** Largest memory of all of them at one time, what they share counted in each. */
  readonly peakTotalBytes: number;
  /** When those that are dead were found to be, since the epoch. */
  readonly deathsMs: ReadonlyMap<number, number>;
  /** Also watches these from now on. */
  add(pids: readonly number[]): void;
  /** Memory of all of them now. */
  totalBytes(): number;
}

/** Watches the processes `pids`. */
export function watchProcesses(pids: readonly number[]): ProcessWatch {
  const seen = new Set(pids);
  const alive = new Set(pids);
  const deathsMs = new Map<number, number>();
  let peakBytes = 0;
  let peakTotalBytes = 0;
  const look = (): number => {
    let total = 0;
    for (const pid of alive) {
      const { rss, peak } = memoryOf(pid);
      total += rss;
      peakBytes = Math.max(peakBytes, peak);
      if (isAlive(pid)) continue;
      alive.delete(pid);
      deathsMs.set(pid, Date.now());
    }
    peakTotalBytes = Math.max(peakTotalBytes, total);
    return total;
  };
  const timer = setInterval(look, POLL_MS);
  return {
    get peakBytes() {
      return peakBytes;
    },
    get peakTotalBytes() {
      return peakTotalBytes;
    },
    deathsMs,
    add(more) {
      for (const pid of more) {
        if (!seen.has(pid)) alive.add(pid);
        seen.add(pid);
      }
    },
    totalBytes: look,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function memoryOf(pid: number): { readonly rss: number; readonly peak: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const bytesOf = (field: RegExp): number => Number(field.exec(status)?.[1] ?? 0) * 1_024;
    return { rss: bytesOf(/^VmRSS:\s+(\d+) kB/m), peak: bytesOf(/^VmHWM:\s+(\d+) kB/m) };
  } catch {
    return { rss: 0, peak: 0 };
  }
}
