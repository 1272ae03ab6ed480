/** What Linux says of processes and the machine in /proc; elsewhere there is nothing to read. */
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** CPU time of a process in user and kernel mode together; undefined where it cannot be read. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command, in parentheses, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU time that all processes of the machine have used, and what a hypervisor gave to others. */
export function machineCpuSeconds(): number | undefined {
  const line = read('/proc/stat')?.split('\n', 1)[0];
  if (line === undefined) return undefined;
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + steal) / TICKS_PER_SECOND;
}

/** Resident memory of a process; undefined where it cannot be read. */
export function rssBytes(pid: number): number | undefined {
  const kibibytes = read(`/proc/${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The sum over some processes; undefined when one cannot be read. */
export function sumOver(
  pids: readonly number[],
  measure: (pid: number) => number | undefined,
): number | undefined {
  let sum = 0;
  for (const pid of pids) {
    const value = measure(pid);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}
