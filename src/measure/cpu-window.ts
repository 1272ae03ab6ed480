import { cpuSeconds, cpuSecondsWithChildren, machineCpuSeconds, sumOver } from './processes.ts';

/** Processes whose CPU time is taken over a window, by who they are. */
export interface LoadPids {
  readonly server: readonly number[];
  readonly responder: readonly number[];
}

/** CPU in cores: 1 is one core in full. */
export interface LoadCpu {
  readonly generator: number;
  readonly server: number;
  /** With its children that ended in the window. */
  readonly responder: number;
  /** Everything else on the machine. */
  readonly others: number;
}

export interface CpuSample {
  readonly generator: number;
  readonly server: number;
  readonly responder: number;
  readonly machine: number;
}

/** What each has used so far, this process being the generator; undefined where /proc cannot be read. */
export function sampleCpu(pids: LoadPids): CpuSample | undefined {
  const generator = cpuSeconds(process.pid);
  const server = sumOver(pids.server, cpuSeconds);
  const responder = sumOver(pids.responder, cpuSecondsWithChildren);
  const machine = machineCpuSeconds();
  if (generator === undefined || server === undefined || responder === undefined || machine === undefined)
    return undefined;
  return { generator, server, responder, machine };
}

export function cpuBetween(
  from: CpuSample | undefined,
  to: CpuSample | undefined,
  seconds: number,
): LoadCpu | null {
  if (from === undefined || to === undefined) return null;
  const cores = (who: keyof CpuSample): number => (to[who] - from[who]) / seconds;
  const generator = cores('generator');
  const server = cores('server');
  const responder = cores('responder');
  const others = Math.max(0, cores('machine') - generator - server - responder);
  return { generator, server, responder, others };
}
