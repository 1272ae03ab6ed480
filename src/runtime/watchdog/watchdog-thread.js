// @ts-check
/**
 * The watchdog of a cell: a thread that guest code cannot hold up. It kills its own process when a
 * thread stays inside an isolate beyond the limit (some built-ins ignore termination) or when the
 * process outgrows its memory (some allocations are outside every V8 limit).
 *
 * Plain JavaScript that imports nothing but such: a second thread that had to strip types first would
 * double the start of a cell and what it holds in memory.
 */
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { MemoryBlame } from './memory-blame.js';
import { ProcFile } from './proc-file.js';

const POLL_MS = 5;
/** While nothing is entered. The main thread never wakes this one: that would cost each invocation a context switch. */
const IDLE_POLL_MS = 50;
/** A longer gap between two polls is the machine's or a debugger's doing, not the guest's. */
const MAX_STEP_MS = 20;
/** A thread that gets no processor, or waits for something, has so many times the grace to end its entry. */
const MAX_WAITS = 8;
const PAGE_BYTES = 4096;
const STDERR = 2;
/** Work over which waiting is judged; less says too little. */
const JUDGED_RUN_NS = 2_000_000;
/** How often the main thread is looked at. */
const JUDGE_MS = 10;
/** How often the threads of the heavy lane are looked at while they run. */
const HEAVY_JUDGE_MS = 25;

const data = /** @type {import('./watchdog.ts').WatchdogData} */ (workerData);
const { layout } = data;
const guard = new Int32Array(data.guard);
const entered = new Int32Array(data.entered);
const blame = new MemoryBlame();
const statm = new ProcFile('/proc/self/statm');
const schedstat = new ProcFile('/proc/self/schedstat');

/**
 * @param {number} reason
 * @param {string} why for the log of the node
 * @param {number} [slot] of the entry that is to blame, where that is known
 */
function kill(reason, why, slot) {
  if (slot !== undefined) writeSync(data.journalFd, Uint8Array.of(1 + slot), 0, 1, data.slotOffset);
  writeSync(data.journalFd, Uint8Array.of(reason), 0, 1, data.reasonOffset);
  try {
    writeSync(STDERR, `${why}\n`);
  } catch {
    // Nobody reads it, or not fast enough.
  }
  process.kill(process.pid, 'SIGKILL');
}

/** @returns {number} 0 where there is no /proc: the hang check remains */
function rssBytes() {
  return (statm.readPair()?.[1] ?? 0) * PAGE_BYTES;
}

/**
 * Run and wait time of the process's main thread in nanoseconds: https://docs.kernel.org/scheduler/sched-stats.html
 * @returns {[run: number, wait: number] | undefined}
 */
function mainThreadTimes() {
  const pair = schedstat.readPair();
  return pair === undefined || pair[0] === 0 ? undefined : [...pair];
}

/**
 * The same of each thread of the process. Only asked while the heavy lane is in use, or an entry is late: it
 * reads a file for each thread.
 * @returns {Map<string, [run: number, wait: number]> | undefined}
 */
function threadTimes() {
  try {
    const times = new Map();
    for (const thread of readdirSync('/proc/self/task')) {
      const [run = 0, wait = 0] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1')
        .split(' ', 2)
        .map(Number);
      times.set(thread, [run, wait]);
    }
    return times;
  } catch {
    return undefined;
  }
}

/**
 * Over all threads together; this one hardly runs.
 * @returns {[run: number, wait: number] | undefined}
 */
function allThreadTimes() {
  const times = threadTimes();
  if (times === undefined) return undefined;
  let [allRun, allWait] = [0, 0];
  for (const [run, wait] of times.values()) {
    allRun += run;
    allWait += wait;
  }
  return [allRun, allWait];
}

/**
 * Whether a thread has run for long enough since `before` to come out of an isolate. The wall clock says that an
 * entry is late; on a machine with too much to do its thread may hardly have had a processor since.
 * @param {Map<string, [run: number, wait: number]> | undefined} before
 * @param {number} slot of the main thread, or of any other one: which of them is not known
 */
function hasRun(before, slot) {
  const now = threadTimes();
  if (before === undefined || now === undefined) return true;
  const main = String(process.pid);
  for (const [thread, [run]] of now) {
    if ((thread === main) !== (slot === 0)) continue;
    if (run - (before.get(thread)?.[0] ?? 0) >= data.hangGraceMs * 1e6) return true;
  }
  return false;
}

/**
 * Says how long a thread takes for 100 ms of its work; EntryGuard.stretch reads it.
 * @param {[run: number, wait: number] | undefined} before
 * @param {[run: number, wait: number] | undefined} now
 * @param {number} index
 * @returns {[run: number, wait: number] | undefined} what to compare with the next time
 */
function judge(before, now, index) {
  if (now === undefined || before === undefined) return now;
  const run = now[0] - before[0];
  // A thread that has ended has taken its times with it.
  if (run < 0 || now[1] < before[1]) return now;
  if (run < JUDGED_RUN_NS) return before;
  const percent = (100 * (run + now[1] - before[1])) / run;
  Atomics.store(guard, index, Math.round(Math.min(Math.max(percent, 100), layout.maxStretchPercent)));
  return now;
}

/** @param {readonly number[]} inside marks of the functions whose isolates are entered right now */
function watchMemory(inside) {
  const bytes = rssBytes();
  const last = Atomics.load(entered, 1 + Atomics.load(entered, 0));
  blame.note(bytes, inside.length > 0 ? inside : [last]);
  if (bytes <= data.rssLimitBytes) return;
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(blame.culprit(data.rssLimitBytes));
  writeSync(data.journalFd, mark, 0, mark.length, data.culpritOffset);
  kill(data.reasons.memory, `it held ${bytes} bytes, and ${data.rssLimitBytes} is the limit`);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
const lastSequences = new Int32Array(layout.slots);
const heldMs = new Float64Array(layout.slots);
/**
 * Of entries that are over their limits: what all threads had run by then.
 * @type {({ readonly times: ReturnType<typeof threadTimes> } | undefined)[]}
 */
const late = [];
let judgedTimes = mainThreadTimes();
let judgedAt = 0;
/** @type {[run: number, wait: number] | undefined} */
let heavyTimes;
let heavyJudgedAt = 0;
let lastAt = performance.now();
let lastTurns = 0;
/** Since the main thread was last seen to turn. */
let unturnedMs = 0;
for (;;) {
  const now = performance.now();
  const stepMs = Math.min(now - lastAt, MAX_STEP_MS);
  lastAt = now;
  // The main thread notes the end of a heavy entry; while that does not turn, nobody can say whether it has ended.
  const turns = Atomics.load(guard, layout.turns);
  unturnedMs += stepMs;
  const heavyStepMs = turns === lastTurns ? 0 : Math.min(unturnedMs, MAX_STEP_MS);
  if (turns !== lastTurns) unturnedMs = 0;
  lastTurns = turns;
  let quiet = true;
  /** @type {number[]} */
  const marks = [];
  let heavy = false;
  for (let slot = 0; slot < layout.slots; slot += 1) {
    const at = layout.firstSlot + 2 * slot;
    const sequence = Atomics.load(guard, at);
    const inside = sequence % 2 !== 0;
    const same = sequence === lastSequences[slot];
    heldMs[slot] = inside && same ? (heldMs[slot] ?? 0) + (slot === 0 ? stepMs : heavyStepMs) : 0;
    lastSequences[slot] = sequence;
    if (inside || !same) quiet = false;
    if (inside) marks.push(Atomics.load(entered, 1 + slot));
    if (slot > 0 && inside) heavy = true;
    // On a busy machine an interrupted guest takes as much longer to come out as it takes for its work.
    const stretch = slot === 0 ? layout.stretchPercent : layout.heavyStretchPercent;
    const graceMs = (data.hangGraceMs * Atomics.load(guard, stretch)) / 100;
    const limitMs = Atomics.load(guard, at + 1);
    const held = heldMs[slot] ?? 0;
    if (held <= limitMs) {
      late[slot] = undefined;
      continue;
    }
    late[slot] ??= { times: threadTimes() };
    if (held <= limitMs + graceMs) continue;
    const mayBeStarved = held <= limitMs + MAX_WAITS * data.hangGraceMs;
    if (mayBeStarved && !hasRun(late[slot]?.times, slot)) continue;
    const lane = slot === 0 ? 'the main thread' : `thread ${slot} of the heavy lane`;
    kill(
      data.reasons.hang,
      `an entry on ${lane} went on for ${Math.round(held)} ms, with a limit of ${limitMs} ms and ${Math.round(graceMs)} ms to end`,
      slot,
    );
  }
  watchMemory(marks);
  if (now - judgedAt >= JUDGE_MS) {
    judgedTimes = judge(judgedTimes, mainThreadTimes(), layout.stretchPercent);
    judgedAt = now;
  }
  if (!heavy) heavyTimes = undefined;
  else if (now - heavyJudgedAt >= HEAVY_JUDGE_MS) {
    heavyTimes = judge(heavyTimes, allThreadTimes(), layout.heavyStretchPercent) ?? heavyTimes;
    heavyJudgedAt = now;
  }
  Atomics.wait(sleeper, 0, 0, quiet ? IDLE_POLL_MS : POLL_MS);
}
