// @ts-check
// The host's functions, as the rest of the runtime calls them.

/**
 * Runs until the time-out of the entry ends it. That stands still while the host answers, and the host says `null`
 * when the entry has lasted longer than it may.
 */
function waitForTimeout() {
  for (;;);
}

/**
 * What the host answers at once (../isolate/door.ts).
 * @param {string} op
 * @param {unknown} [first]
 * @param {unknown} [second]
 * @param {unknown} [third]
 */
function door(op, first, second, third) {
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
 * Hands records to the host, and what travels beside them.
 * @param {string} json
 * @param {unknown[]} extras
 */
function send(json, extras) {
  if (hostSend(json, ...extras) === null) waitForTimeout();
}
