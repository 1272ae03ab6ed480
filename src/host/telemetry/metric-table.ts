/** One kind of measurement. */
export interface Metric {
  /** As OpenTelemetry is told. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** In UCUM, as OpenTelemetry has it; empty for plain numbers. */
  readonly unit: '' | 's' | 'By';
  readonly labels: readonly string[];
  readonly help: string;
}

const OF_FUNCTION = ['namespace', 'function'] as const;

/** Every metric; docs/observability.md has the same table, and a test compares them. */
export const METRICS = {
  invocations: {
    name: 'hairspring.invocations',
    kind: 'counter',
    unit: '',
    labels: [...OF_FUNCTION, 'status'],
    help: 'Invocations answered or refused; status is ok or an error code',
  },
  duration: {
    name: 'hairspring.invocation.duration',
    kind: 'histogram',
    unit: 's',
    labels: OF_FUNCTION,
    help: 'Time from acceptance to reply',
  },
  queueing: {
    name: 'hairspring.invocation.queueing',
    kind: 'histogram',
    unit: 's',
    labels: OF_FUNCTION,
    help: 'Time from acceptance until the handler is given the message',
  },
  queued: {
    name: 'hairspring.queue.depth',
    kind: 'gauge',
    unit: '',
    labels: OF_FUNCTION,
    help: 'Invocations that wait for a free place',
  },
  inFlight: {
    name: 'hairspring.in_flight',
    kind: 'gauge',
    unit: '',
    labels: OF_FUNCTION,
    help: 'Invocations given to the handler and not finished',
  },
  coldStarts: {
    name: 'hairspring.cold_starts',
    kind: 'counter',
    unit: '',
    labels: [...OF_FUNCTION, 'reason'],
    help: 'Instances that were made for an invocation',
  },
  entries: {
    name: 'hairspring.entries',
    kind: 'counter',
    unit: '',
    labels: OF_FUNCTION,
    help: 'Entries into the isolate; one carries a batch',
  },
  hostCalls: {
    name: 'hairspring.host_calls',
    kind: 'counter',
    unit: '',
    labels: [...OF_FUNCTION, 'service', 'op', 'status'],
    help: 'Calls of host services; op is invalid for what the service does not have',
  },
  hostCallDuration: {
    name: 'hairspring.host_call.duration',
    kind: 'histogram',
    unit: 's',
    labels: ['namespace', 'service', 'op'],
    help: 'Time that a host service took over a call',
  },
  droppedLogs: {
    name: 'hairspring.logs.dropped',
    kind: 'counter',
    unit: '',
    labels: OF_FUNCTION,
    help: 'Log lines beyond the rate that is published',
  },
  isolates: {
    name: 'hairspring.isolates',
    kind: 'gauge',
    unit: '',
    labels: ['namespace', 'state'],
    help: 'Isolates: warm holds a function, blank is prepared for one',
  },
  evicted: {
    name: 'hairspring.isolates.evicted',
    kind: 'counter',
    unit: '',
    labels: ['namespace'],
    help: 'Idle instances given up for others or for their age',
  },
  cellMemory: {
    name: 'hairspring.cell.memory',
    kind: 'gauge',
    unit: 'By',
    labels: ['namespace'],
    help: 'Resident memory of the cells of a namespace',
  },
  cellRestarts: {
    name: 'hairspring.cell.restarts',
    kind: 'counter',
    unit: '',
    labels: ['namespace'],
    help: 'Cells that died and were replaced',
  },
  droppedReplies: {
    name: 'hairspring.replies.dropped',
    kind: 'counter',
    unit: '',
    labels: ['namespace'],
    help: 'Replies not sent: nobody is answered at their subject, or too many waited for a connection',
  },
  droppedSpans: {
    name: 'hairspring.spans.dropped',
    kind: 'counter',
    unit: '',
    labels: ['where'],
    help: 'Spans that found a queue full (cell, node) or that the collector did not take (export)',
  },
  nodeMemory: {
    name: 'hairspring.node.memory',
    kind: 'gauge',
    unit: 'By',
    labels: [],
    help: 'Resident memory of the host process',
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

/** The name in Prometheus, by OpenTelemetry's rules: unit and `_total` at the end. */
export function prometheusName({ name, unit, kind }: Metric): string {
  const base = name.replaceAll('.', '_');
  const suffix = { '': '', s: '_seconds', By: '_bytes' }[unit];
  return `${base}${suffix}${kind === 'counter' ? '_total' : ''}`;
}
