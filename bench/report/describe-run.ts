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

/** How it was measured, in short; docs/performance.md has the rest. */
export const METHOD = [
  'nats-server, the load generator, every bare responder, the host and its cells are processes of their own on one machine and share its processors: a rate is one of the whole system.',
  'Floors, functions and peers are measured in turns, in rounds whose order is turned; ratios are taken within a round. Every reply is checked.',
  'Closed loop: a new request for each reply. Open loop: requests are due by a schedule, and latency counts from then.',
  'Cold starts: one request at a time after a pause, to functions with artifacts of their own, on hosts that have just started; the later requests to the same functions are the warm ones.',
  'Observation: the same function on hosts with observation off and on, and with the observer taken out of the code, in turns.',
  'Fairness: a quiet function at a fixed rate and one neighbour at a time in the same cell or in another, after the neighbour has run for a while.',
  'Idle functions: resident memory of the host and all its cells, pages that they share counted in each.',
  'Cells: a host with more and more namespaces, an echo function in a cell of its own in each; requests go to all of them in turns.',
] as const;
