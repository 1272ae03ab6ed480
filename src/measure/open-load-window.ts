import { cpuBetween, type LoadPids, sampleCpu } from './cpu-window.ts';
import { type LoadWindow, latenciesOf } from './load-window.ts';
import { type OpenLoopOptions, runOpenLoop } from './open-loop.ts';

/** What a window of load at a fixed rate came to. */
export interface OpenLoadWindow extends LoadWindow {
  /** Arrivals that waited until there was a place among those outstanding. */
  readonly held: number;
  /** How late the generator itself was, at p99. */
  readonly lagP99Us: number;
}

/** An open loop with the CPU of its window. This process is the generator of the load. */
export async function measureOpenWindow(
  options: Omit<OpenLoopOptions, 'onWindow'>,
  pids: LoadPids,
): Promise<OpenLoadWindow> {
  const samples: ReturnType<typeof sampleCpu>[] = [];
  const found = await runOpenLoop({ ...options, onWindow: () => samples.push(sampleCpu(pids)) });
  const { arrivals, latencyUs, lagUs, firstWrong = null, seconds, perSecond, held, wrong, lost } = found;
  return {
    requests: arrivals,
    seconds,
    perSecond,
    ...latenciesOf(latencyUs),
    held,
    lagP99Us: lagUs.percentile(0.99),
    wrong,
    firstWrong,
    lost,
    cpu: cpuBetween(samples[0], samples[1], seconds),
  };
}
