import type { BenchResults } from '../results.ts';

/** Where, with what and how long: the lines above every table. */
export function describeRun({ machine, plan, startedAt, durationSeconds }: BenchResults): readonly string[] {
  const memory = (machine.memoryBytes / 1e9).toFixed(0);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${memory} GB, ${machine.platform}`,
    `Node ${machine.node} (V8 ${machine.v8}), isolated-vm ${machine.isolatedVm}, nats.js ${machine.natsClient}, nats-server ${machine.natsServer}`,
    `hairspring ${machine.hairspring}, commit ${machine.commit}, ${startedAt}${plan.quick ? ', quick' : ''}, ${Math.round(durationSeconds)} s`,
    `Medians of ${plan.rounds} rounds of ${plan.windowMs} ms; warm-up ${plan.firstWarmupMs} ms per target at first and ${plan.warmupMs} ms before each window; ${plan.payloadBytes} B payload`,
  ];
}
