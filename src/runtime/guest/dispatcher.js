// @ts-check
// The door through which the host comes in: runs the records of a batch one after the other, and hands results, host
// calls, logs and timers back.

/** Records of the batch that have begun. */
let taken = 0;
/** Whether the batch ends with the first reply or error, which goes out then. */
let endsAtAnswer = false;
let startedAt = 0;
let budgetMs = 5;

/** @type {GuestInvocation | undefined} */
let current;
/** What it waited for when its record was taken. */
let pendingBefore = 0;
/**
 * Hops given to an invocation that has begun to wait for the host, to one that waited for another host call before and
 * perhaps for nothing else, and to one that may still go on by itself.
 */
const HOPS_WAITING = 3;
const HOPS_BETWEEN = 16;
const HOPS_BUSY = 48;
let lastInvocationId = 0;

function currentInvocation() {
  return current;
}

/**
 * The newest invocation that what is begun in the name of `owner` may be of. After `await` the current one may be
 * another than the one whose code runs; and what goes on after its end must not live by those that come later.
 * @param {GuestInvocation} owner
 */
function newestFor(owner) {
  if (owner.newestId === 0 && !isOpen(owner)) owner.newestId = lastInvocationId;
  return owner.newestId === 0 ? lastInvocationId : owner.newestId;
}

/**
 * WebAssembly memory, in KiB, that is let go of here until the host replaces the isolate: V8 gives none of it back.
 * The host has the same bound in bytes (../dispatch/wear.ts).
 */
const MAX_LOST_KIB = 128 * 1024;

/** @param {number} bytes */
function loseMemory(bytes) {
  marks[3] = /** @type {number} */ (marks[3]) + (bytes >> 10);
}

/** @param {GuestInvocation | undefined} invocation */
function setCurrent(invocation) {
  current = invocation;
  pendingBefore = invocation === undefined ? 0 : invocation.pendingCalls;
  marks[0] = invocation === undefined ? 0 : invocation.id;
}

/**
 * Whether the next record is no other invocation's, so that nothing can be taken for another one's.
 * @param {GuestInvocation} invocation
 */
function isFollowedByOwn(invocation) {
  if (cursor >= batch.length) return true;
  return batch[cursor] === 1 && calls.get(batch[cursor + 1])?.invocation === invocation;
}

/**
 * Whether the invocation of the record that was taken is done with it, as far as can be told: what it does after
 * that may be taken for the next one's. What it has waited for all along, as an armed timer, says nothing.
 * @param {GuestInvocation} invocation
 * @param {number} waitedBefore host calls and timers that say nothing
 * @param {number} hops that it has had
 */
function isDone(invocation, waitedBefore, hops) {
  if (!isOpen(invocation)) return true;
  if (invocation.pendingCalls > waitedBefore) return hops >= HOPS_WAITING;
  return hops >= (invocation.hostCalls > 0 ? HOPS_BETWEEN : HOPS_BUSY);
}

/**
 * Runs the batch: between two records as many microtasks as the first one still needs. The promise that
 * is awaited has no reader but this, and awaiting one that is there costs less than `then`.
 */
async function runRecords() {
  while (cursor < batch.length) {
    if (taken > 0 && (outChars > GIVE_BACK_CHARS || DateNow() - startedAt >= budgetMs)) break;
    if (endsAtAnswer && answers > 0) break;
    if (taken > 0 && /** @type {number} */ (marks[3]) >= MAX_LOST_KIB) break;
    taken += 1;
    marks[1] = taken;
    const watched = takeRecord();
    if (watched === undefined) continue;
    const waitedBefore = isFollowedByOwn(watched) ? 0 : pendingBefore;
    let hops = 0;
    do {
      await PromiseResolved;
      hops += 1;
    } while (!isDone(watched, waitedBefore, hops));
  }
  runFinalizers();
  running = false;
  batch = [];
  batchExtras = [];
  pushDropped();
  flush();
  marks[2] = 1;
}

/**
 * wire/arguments.ts says why the JSON comes in parts.
 * @param {number} count
 * @param {unknown[]} rest the parts, and what travels beside them
 * @param {boolean} [toAnswer] whether it ends with the first answer
 */
function runBatch(count, rest, toAnswer = false) {
  let json = /** @type {string} */ (rest[0]);
  for (let index = 1; index < count; index += 1) json += rest[index];
  batch = JSONParse(json);
  batchExtras = rest;
  extrasAt = count;
  endsAtAnswer = toAnswer;
  cursor = 0;
  taken = 0;
  marks[1] = 0;
  marks[2] = 0;
  running = true;
  resetOutbox();
  startedAt = DateNow();
  void runRecords();
}

/**
 * The only door: 0 runs a batch, 1 loads a module that has just run, 2 hands over what an interrupted
 * batch left, 3 rehearses, 4 loads a WebAssembly module, 5 runs a batch up to the first answer.
 * @param {number} kind
 * @param {any} head the JSON; of a batch the number of its parts
 * @param {unknown[]} rest
 */
function enter(kind, head, ...rest) {
  if (kind === 0 || kind === 5) return runBatch(head, rest, kind === 5);
  if (kind === 1) return load(head);
  if (kind === 3) return rehearse(head);
  if (kind === 4) return loadModule(head, rest);
  if (current === undefined || current.settled) failStranded();
  running = false;
  batch = [];
  setCurrent(undefined);
  pushDropped();
  flush();
  return undefined;
}
