/**
 * The watchdog of a cell: a thread that guest code cannot hold up. It kills its own process when the
 * main thread stays inside an isolate beyond the limit (some built-ins ignore termination) or when
 * the process outgrows its memory (some allocations are outside every V8 limit).
 */
import { readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { KILL_REASONS } from '../../core/index.ts';
import { EntryGuard } from './entry-guard.ts';
import type { WatchdogData } from './watchdog.ts';

const POLL_MS = 5;
/** While nothing is entered. The main thread never wakes this one: that would cost each invocation a context switch. */
const IDLE_POLL_MS = 50;
/** A longer gap between two polls is the machine's or a debugger's doing, not the guest's. */
const MAX_STEP_MS = 20;
const PAGE_BYTES = 4096;

const data = workerData as WatchdogData;
const guard = new EntryGuard(data.guard);

function kill(reason: keyof typeof KILL_REASONS): void {
  writeSync(data.journalFd, Uint8Array.of(KILL_REASONS[reason]), 0, 1, data.reasonOffset);
  process.kill(process.pid, 'SIGKILL');
}

function rssBytes(): number {
  try {
    return Number(readFileSync('/proc/self/statm', 'latin1').split(' ', 2)[1]) * PAGE_BYTES;
  } catch {
    return 0; // Not Linux: the hang check remains.
  }
}

/** Run and wait time of the process's main thread in nanoseconds: https://docs.kernel.org/scheduler/sched-stats.html */
function mainThreadTimes(): readonly [run: number, wait: number] | undefined {
  try {
    const [run, wait] = readFileSync('/proc/self/schedstat', 'latin1').split(' ', 2).map(Number);
    return run !== undefined && wait !== undefined && run > 0 ? [run, wait] : undefined;
  } catch {
    return undefined;
  }
}

/** Work over which waiting is judged; less says too little. */
const JUDGED_RUN_NS = 2_000_000;
let judgedTimes = mainThreadTimes();

function judgeStarvation(): void {
  const times = mainThreadTimes();
  if (times === undefined || judgedTimes === undefined) return;
  const run = times[0] - judgedTimes[0];
  if (run < JUDGED_RUN_NS) return;
  guard.setStretch((100 * (run + times[1] - judgedTimes[1])) / run);
  judgedTimes = times;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
let lastSequence = guard.sequence;
let lastAt = performance.now();
let heldMs = 0;
for (;;) {
  const sequence = guard.sequence;
  const inside = sequence % 2 !== 0;
  const quiet = !inside && sequence === lastSequence;
  const now = performance.now();
  heldMs = inside && sequence === lastSequence ? heldMs + Math.min(now - lastAt, MAX_STEP_MS) : 0;
  lastSequence = sequence;
  lastAt = now;
  if (heldMs > guard.limitMs + data.hangGraceMs) kill('hang');
  if (rssBytes() > data.rssLimitBytes) kill('memory');
  judgeStarvation();
  Atomics.wait(sleeper, 0, 0, quiet ? IDLE_POLL_MS : POLL_MS);
}
