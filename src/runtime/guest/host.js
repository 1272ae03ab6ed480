// @ts-check
// The host's functions, as the rest of the runtime calls them.

/**
 * Runs until the time-out of the entry ends it. That stands still while the host answers, and the host says `null`
 * when the entry has lasted longer than it may.
 */
function waitForTimeout() {
  for (;;);
}

/** The most that any operation of the door takes (../isolate/door.ts): what crosses is copied before the host looks at it. */
const MAX_DOOR_CHARS = 2 * 1024 ** 2;
const MAX_DOOR_BYTES = 65_536;

/**
 * Whatever a feature believes of it: built-ins that it asked may be the guest's.
 * @param {unknown} value
 */
function fitsDoor(value) {
  if (typeof value === 'string') return value.length <= MAX_DOOR_CHARS;
  if (value === undefined || typeof value === 'number') return true;
  return typeof value === 'object' && bufferBytes(/** @type {ArrayBuffer} */ (value)) <= MAX_DOOR_BYTES;
}

/**
 * What the host answers at once (../isolate/door.ts).
 * @param {string} op
 * @param {unknown} [first]
 * @param {unknown} [second]
 * @param {unknown} [third]
 */
function door(op, first, second, third) {
  if (!(fitsDoor(first) && fitsDoor(second) && fitsDoor(third))) return undefined;
  const answer =
    second !== undefined
      ? hostDoor(op, first, second, third)
      : first !== undefined
        ? hostDoor(op, first)
        : hostDoor(op);
  if (answer === null) waitForTimeout();
  return answer;
}

/**
 * Hands records to the host, and what travels beside them. Not by `...`, which asks an iterator that may be the
 * guest's: it could give the host anything, and any amount of it.
 * @param {unknown[]} given the records as JSON, and then the rest
 */
function send(given) {
  if (ReflectApply(hostSend, undefined, given) === null) waitForTimeout();
}
