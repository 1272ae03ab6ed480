// @ts-check
// What several host services have in the isolate. Runs after the runtime's guest scripts and before theirs.

/**
 * An async iterator over what the host gives for a handle: `open` resolves with it, `next(handle)` gives the items
 * and then null, `close(handle)` gives it up. It ends with its invocation at the latest.
 * @template Item
 * @param {Parameters<ServiceFactory>[0]} call
 * @param {Promise<unknown>} open
 * @param {AnswerConverter<Item>} convert
 * @returns {AsyncIterableIterator<Item>}
 */
function iterateHandle(call, open, convert) {
  let isDone = false;
  const done = () => {
    isDone = true;
    return /** @type {IteratorReturnResult<undefined>} */ ({ done: true, value: undefined });
  };
  // Whoever never asks for an item is not told of the failure either.
  open.then(undefined, () => undefined);
  return {
    async next() {
      if (isDone) return done();
      try {
        const handle = /** @type {number} */ (await open);
        const found = await call('next', [handle], undefined, (value, payload) =>
          value === null ? undefined : { item: convert(value, payload) },
        );
        return found === undefined ? done() : { done: false, value: found.item };
      } catch (error) {
        isDone = true;
        throw error;
      }
    },
    async return() {
      if (!isDone) {
        isDone = true;
        const handle = await open.then(
          (opened) => opened,
          () => 0,
        );
        if (handle !== 0) await call('close', [/** @type {number} */ (handle)], undefined, () => undefined);
      }
      return done();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
