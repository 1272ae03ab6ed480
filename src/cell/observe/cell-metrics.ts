import {
  type ErrorCode,
  type FinishedInvocation,
  type FunctionReport,
  type FunctionSpec,
  type Invocation,
  type InvocationStatus,
  type ObservedCall,
  type PoolChange,
  SilentObserver,
  TELEMETRY_LIMITS,
} from '../../core/index.ts';
import { DurationCounts } from './duration-counts.ts';
import { operationOf, serviceOf } from './span-text.ts';

class Tally {
  #counts: Record<string, number> = {};

  add(key: string): void {
    this.#counts[key] = (this.#counts[key] ?? 0) + 1;
  }

  take(): Readonly<Record<string, number>> {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }
}

interface CallTally {
  readonly service: string;
  readonly op: string;
  readonly statuses: Tally;
  readonly durations: DurationCounts;
}

interface FunctionTally {
  readonly statuses: Tally;
  readonly durations: DurationCounts;
  readonly queueing: DurationCounts;
  readonly coldStarts: Tally;
  readonly calls: Map<string, CallTally>;
  entries: number;
  droppedLogs: number;
  /** Whether anything was counted since the last report. */
  touched: boolean;
}

/** How much a function has in hand, which its runner knows. */
export interface FunctionGauge {
  readonly id: string;
  readonly inFlight: number;
  readonly queued: number;
}

/** Counts what the functions of a cell do, until it is taken for a report. */
export class CellMetrics extends SilentObserver {
  readonly #tallies = new Map<string, FunctionTally>();
  #evicted = 0;

  override wantsDetails(): boolean {
    return true;
  }

  #of({ id }: Pick<FunctionSpec, 'id'>): FunctionTally {
    let tally = this.#tallies.get(id);
    if (tally === undefined) {
      tally = {
        statuses: new Tally(),
        durations: new DurationCounts(),
        queueing: new DurationCounts(),
        coldStarts: new Tally(),
        calls: new Map(),
        entries: 0,
        droppedLogs: 0,
        touched: false,
      };
      this.#tallies.set(id, tally);
    }
    tally.touched = true;
    return tally;
  }

  override onRefused(spec: FunctionSpec, _invocation: Invocation, status: ErrorCode): void {
    this.#of(spec).statuses.add(status);
  }

  override onFinished(
    spec: FunctionSpec,
    { flight, status, durationMs, finishedMs }: FinishedInvocation,
  ): void {
    const tally = this.#of(spec);
    const { acceptedMs, startedMs, coldReason } = flight;
    tally.statuses.add(status);
    tally.durations.add(durationMs);
    tally.queueing.add((startedMs === 0 ? finishedMs : startedMs) - acceptedMs);
    if (coldReason !== undefined) tally.coldStarts.add(coldReason);
  }

  override onCallFinished(
    spec: FunctionSpec,
    { label, op, startedMs }: ObservedCall,
    status: InvocationStatus,
    finishedMs: number,
  ): void {
    const { calls } = this.#of(spec);
    const service = serviceOf(spec, label);
    const operation = operationOf(op, status);
    const key = `${service} ${operation}`;
    let tally = calls.get(key);
    if (tally === undefined) {
      if (calls.size >= TELEMETRY_LIMITS.callsPerFunction) return;
      tally = { service, op: operation, statuses: new Tally(), durations: new DurationCounts() };
      calls.set(key, tally);
    }
    tally.statuses.add(status);
    tally.durations.add(finishedMs - startedMs);
  }

  override onBatch(spec: FunctionSpec): void {
    this.#of(spec).entries += 1;
  }

  override onPool(_spec: FunctionSpec, change: PoolChange): void {
    if (change === 'evicted') this.#evicted += 1;
  }

  logDropped(spec: FunctionSpec): void {
    this.#of(spec).droppedLogs += 1;
  }

  takeEvicted(): number {
    const evicted = this.#evicted;
    this.#evicted = 0;
    return evicted;
  }

  /**
   * What was counted since the last time, with the gauges of the functions that are deployed. Of more functions than a
   * report holds, the rest goes into the next one.
   */
  take(gauges: readonly FunctionGauge[]): readonly FunctionReport[] {
    const deployed = new Map(gauges.map((gauge) => [gauge.id, gauge]));
    for (const gauge of gauges) if (isBusy(gauge)) this.#of(gauge);
    const reports: FunctionReport[] = [];
    let firstLeft: string | undefined;
    for (const [id, tally] of this.#tallies) {
      const gauge = deployed.get(id);
      if (tally.touched) {
        if (reports.length === TELEMETRY_LIMITS.functionsPerReport) {
          firstLeft = id;
          break;
        }
        reports.push(takeTally(id, tally, gauge));
      }
      // That it is busy no more is told once.
      tally.touched = gauge !== undefined && isBusy(gauge);
      if (gauge === undefined) this.#tallies.delete(id);
    }
    if (firstLeft !== undefined) this.#beginWith(firstLeft);
    return reports;
  }

  /** Puts those before `first` behind all others. */
  #beginWith(first: string): void {
    for (const [id, tally] of [...this.#tallies]) {
      if (id === first) return;
      this.#tallies.delete(id);
      this.#tallies.set(id, tally);
    }
  }
}

function isBusy({ inFlight, queued }: FunctionGauge): boolean {
  return inFlight > 0 || queued > 0;
}

function takeTally(id: string, tally: FunctionTally, gauge: FunctionGauge | undefined): FunctionReport {
  const { entries, droppedLogs } = tally;
  tally.entries = 0;
  tally.droppedLogs = 0;
  return {
    id,
    inFlight: gauge?.inFlight ?? 0,
    queued: gauge?.queued ?? 0,
    statuses: tally.statuses.take(),
    durations: tally.durations.take(),
    queueing: tally.queueing.take(),
    coldStarts: tally.coldStarts.take(),
    entries,
    droppedLogs,
    calls: [...tally.calls.values()].map(({ service, op, statuses, durations }) => ({
      service,
      op,
      statuses: statuses.take(),
      durations: durations.take(),
    })),
  };
}
