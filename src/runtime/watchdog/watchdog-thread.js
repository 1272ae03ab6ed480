// @ts-check
/**
 * The watchdog of a cell: a thread that guest code cannot hold up. It kills its own process when the
 * main thread stays inside an isolate beyond the limit (some built-ins ignore termination) or when
 * the process outgrows its memory (some allocations are outside every V8 limit).
 *
 * Plain JavaScript that imports nothing of ours: a second thread that had to strip types first would
 * double the start of a cell and what it holds in memory.
 */
import { readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const POLL_MS = 5;
/** While nothing is entered. The main thread never wakes this one: that would cost each invocation a context switch. */
const IDLE_POLL_MS = 50;
/** A longer gap between two polls is the machine's or a debugger's doing, not the guest's. */
const MAX_STEP_MS = 20;
const PAGE_BYTES = 4096;
/** Work over which waiting is judged; less says too little. */
const JUDGED_RUN_NS = 2_000_000;

const data = /** @type {import('./watchdog.ts').WatchdogData} */ (workerData);
const { layout } = data;
const guard = new Int32Array(data.guard);

/** @param {number} reason */
function kill(reason) {
  writeSync(data.journalFd, Uint8Array.of(reason), 0, 1, data.reasonOffset);
  process.kill(process.pid, 'SIGKILL');
}

/** @returns {number} 0 where there is no /proc: the hang check remains */
function rssBytes() {
  try {
    return Number(readFileSync('/proc/self/statm', 'latin1').split(' ', 2)[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/**
 * Run and wait time of the process's main thread in nanoseconds: https://docs.kernel.org/scheduler/sched-stats.html
 * @returns {[run: number, wait: number] | undefined}
 */
function mainThreadTimes() {
  try {
    const [run, wait] = readFileSync('/proc/self/schedstat', 'latin1').split(' ', 2).map(Number);
    return run !== undefined && wait !== undefined && run > 0 ? [run, wait] : undefined;
  } catch {
    return undefined;
  }
}

let judgedTimes = mainThreadTimes();

/** Says how long the main thread takes for 100 ms of its work; EntryGuard.stretch reads it. */
function judgeStarvation() {
  const times = mainThreadTimes();
  if (times === undefined || judgedTimes === undefined) return;
  const run = times[0] - judgedTimes[0];
  if (run < JUDGED_RUN_NS) return;
  const percent = (100 * (run + times[1] - judgedTimes[1])) / run;
  Atomics.store(
    guard,
    layout.stretchPercent,
    Math.round(Math.min(Math.max(percent, 100), layout.maxStretchPercent)),
  );
  judgedTimes = times;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
let lastSequence = Atomics.load(guard, layout.sequence);
let lastAt = performance.now();
let heldMs = 0;
for (;;) {
  const sequence = Atomics.load(guard, layout.sequence);
  const inside = sequence % 2 !== 0;
  const quiet = !inside && sequence === lastSequence;
  const now = performance.now();
  heldMs = inside && sequence === lastSequence ? heldMs + Math.min(now - lastAt, MAX_STEP_MS) : 0;
  lastSequence = sequence;
  lastAt = now;
  // On a busy machine an interrupted guest takes as much longer to come out as it takes for its work.
  const graceMs = (data.hangGraceMs * Atomics.load(guard, layout.stretchPercent)) / 100;
  if (heldMs > Atomics.load(guard, layout.limitMs) + graceMs) kill(data.reasons.hang);
  if (rssBytes() > data.rssLimitBytes) kill(data.reasons.memory);
  judgeStarvation();
  Atomics.wait(sleeper, 0, 0, quiet ? IDLE_POLL_MS : POLL_MS);
}
