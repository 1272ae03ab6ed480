// @ts-check
// V8 calls what a FinalizationRegistry was given from a task of its own: outside of every entry, and so of every limit.
// There it is only noted, and called at the end of a batch.

/**
 * @typedef {object} Finalizer
 * @property {Function} action
 * @property {unknown} held
 * @property {Finalizer | undefined} next
 */

/** @type {Finalizer | undefined} */
let firstFinalizer;
/** @type {Finalizer | undefined} */
let lastFinalizer;

/**
 * Called by V8 itself: nothing in here may reach code of the guest, such as a setter.
 * @param {Function} action
 * @param {unknown} held
 */
function noteFinalizer(action, held) {
  const noted = { action, held, next: undefined };
  if (lastFinalizer === undefined) firstFinalizer = noted;
  else lastFinalizer.next = noted;
  lastFinalizer = noted;
}

/** Calls what is noted, for as long as a batch has before it is given back. */
function runFinalizers() {
  if (firstFinalizer === undefined) return;
  const beganAt = DateNow();
  setCurrent(undefined);
  /** @type {Finalizer | undefined} */
  let noted = firstFinalizer;
  do {
    const { action, held } = noted;
    noted = noted.next;
    firstFinalizer = noted;
    if (noted === undefined) lastFinalizer = undefined;
    try {
      action(held);
    } catch (error) {
      reportUncaught(error);
    }
  } while (noted !== undefined && DateNow() - beganAt < budgetMs);
}

{
  const registry = new NativeProxy(FinalizationRegistry, {
    // @ts-expect-error null is no handler's prototype by its types
    __proto__: null,
    construct(target, args, newTarget) {
      const action = args[0];
      const note =
        typeof action === 'function' ? (/** @type {unknown} */ held) => noteFinalizer(action, held) : action;
      return ReflectConstruct(target, [note], newTarget);
    },
  });
  const shape = dataProperty(registry);
  ObjectDefineProperty(FinalizationRegistry.prototype, 'constructor', shape);
  ObjectDefineProperty(globalThis, 'FinalizationRegistry', shape);
}
