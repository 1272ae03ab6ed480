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

/** Of a process and of its children that have ended, in user and kernel mode together. */
interface CpuTimes {
  readonly own: number;
  readonly children: number;
}

function cpuTimes(pid: number): CpuTimes | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command, in parentheses, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number);
  return {
    own: ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND,
    children: ((childUser ?? 0) + (childSystem ?? 0)) / TICKS_PER_SECOND,
  };
}

/** CPU time of a process in user and kernel mode together; undefined where it cannot be read. */
export function cpuSeconds(pid: number): number | undefined {
  return cpuTimes(pid)?.own;
}

/** The same with the time of all its children that have ended: of a process that starts one for each request. */
export function cpuSecondsWithChildren(pid: number): number | undefined {
  const times = cpuTimes(pid);
  return times === undefined ? undefined : times.own + times.children;
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
