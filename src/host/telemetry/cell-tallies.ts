import type { FunctionReport, MetricsReport } from '../../core/index.ts';
import type { MetricStore } from './metric-store.ts';

interface Cell {
  readonly id: string;
  readonly namespace: string;
}

/** What a cell said last of its present state. */
interface CellGauges {
  readonly namespace: string;
  readonly metrics: Pick<MetricsReport, 'rssBytes' | 'warm' | 'blank'>;
  /** By name of the function. */
  readonly functions: Map<string, { readonly inFlight: number; readonly queued: number }>;
}

/** Puts the reports of cells together: counts are added up, gauges are those of the cells that live. */
export class CellTallies {
  readonly #store: MetricStore;
  readonly #gauges = new Map<string, CellGauges>();

  constructor(store: MetricStore) {
    this.#store = store;
  }

  add(cell: Cell, report: MetricsReport, nameOf: (functionId: string) => string | undefined): void {
    const { namespace } = cell;
    const functions = this.#gauges.get(cell.id)?.functions ?? new Map();
    for (const one of report.functions) {
      const name = nameOf(one.id);
      if (name === undefined) continue;
      this.#addFunction(namespace, name, one);
      functions.set(name, { inFlight: one.inFlight, queued: one.queued });
    }
    this.#store.add('evicted', [namespace], report.evicted);
    this.#store.add('droppedReplies', [namespace], report.droppedReplies);
    const { rssBytes, warm, blank } = report;
    this.#gauges.set(cell.id, { namespace, metrics: { rssBytes, warm, blank }, functions });
  }

  #addFunction(namespace: string, name: string, report: FunctionReport): void {
    const store = this.#store;
    for (const [status, count] of Object.entries(report.statuses))
      store.add('invocations', [namespace, name, status], count);
    for (const [reason, count] of Object.entries(report.coldStarts))
      store.add('coldStarts', [namespace, name, reason], count);
    store.addDurations('duration', [namespace, name], report.durations);
    store.addDurations('queueing', [namespace, name], report.queueing);
    store.add('entries', [namespace, name], report.entries);
    store.add('droppedLogs', [namespace, name], report.droppedLogs);
    for (const { service, op, statuses, durations } of report.calls) {
      for (const [status, count] of Object.entries(statuses))
        store.add('hostCalls', [namespace, name, service, op, status], count);
      store.addDurations('hostCallDuration', [namespace, service, op], durations);
    }
  }

  ended(cellId: string): void {
    this.#gauges.delete(cellId);
  }

  undeployed(namespace: string, name: string): void {
    this.#store.forgetFunction(namespace, name);
    for (const gauges of this.#gauges.values())
      if (gauges.namespace === namespace) gauges.functions.delete(name);
  }

  /** Brings the gauges in the store up to date. */
  refresh(): void {
    const cells = [...this.#gauges.values()];
    const ofFunctions = (pick: (gauge: { inFlight: number; queued: number }) => number) =>
      cells.flatMap(({ namespace, functions }) =>
        [...functions].map(([name, gauge]) => [[namespace, name], pick(gauge)] as const),
      );
    this.#store.setAll(
      'queued',
      ofFunctions(({ queued }) => queued),
    );
    this.#store.setAll(
      'inFlight',
      ofFunctions(({ inFlight }) => inFlight),
    );
    this.#store.setAll(
      'cellMemory',
      cells.map(({ namespace, metrics }) => [[namespace], metrics.rssBytes] as const),
    );
    this.#store.setAll(
      'isolates',
      cells.flatMap(({ namespace, metrics: { warm, blank } }) => [
        [[namespace, 'warm'], warm] as const,
        [[namespace, 'blank'], blank] as const,
      ]),
    );
    this.#store.setAll('nodeMemory', [[[], process.memoryUsage.rss()]]);
  }
}
