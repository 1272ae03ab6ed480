import { type ColdReason, type ErrorCode, noColdStarts } from '../../core/index.ts';

/** What a function has done so far, for `info` and `list`. */
export class RunnerCounters {
  invocations = 0;
  errors = 0;
  coldStarts = 0;
  /** By reason. */
  readonly coldReasons: Record<ColdReason, number> = noColdStarts();
  prewarmed = 0;
  busyMs = 0;
  lastColdMs = 0;

  finished(status: 'ok' | ErrorCode, durationMs: number): void {
    this.invocations += 1;
    if (status !== 'ok') this.errors += 1;
    this.busyMs += durationMs;
  }

  woken(coldMs: number, reason: ColdReason): void {
    this.coldStarts += 1;
    this.coldReasons[reason] += 1;
    this.lastColdMs = coldMs;
  }
}
