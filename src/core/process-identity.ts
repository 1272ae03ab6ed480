import { readFileSync } from 'node:fs';

/** Where the start time stands behind the name of the program. */
const START_TIME = 19;

/** A process, also when another one has its id later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** What tells it from that one, also after a restart of the machine; undefined where /proc does not say. */
  readonly birth?: string | undefined;
}

export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, birth: birthOf(pid) };
}

/** Whether the process is there, and still the same. Where /proc does not say it counts as that. */
export function isRunning({ pid, birth }: ProcessIdentity): boolean {
  if (!isAlive(pid)) return false;
  const present = birthOf(pid);
  return birth === undefined || present === undefined || birth === present;
}

/** Whether any process has the id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function birthOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold some itself.
    const started = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[START_TIME];
    return started === undefined ? undefined : `${boot} ${started}`;
  } catch {
    return undefined;
  }
}
