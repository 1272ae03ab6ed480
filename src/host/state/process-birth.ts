import { readFileSync } from 'node:fs';

/** Where the start time stands behind the name of the program. */
const START_TIME = 19;

/**
 * What tells a process from another one that has its id later, also after a restart of the machine.
 * @returns undefined where /proc does not say
 */
export function birthOf(pid: number): string | undefined {
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
