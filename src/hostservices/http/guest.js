// @ts-check
// The http binding as a handler sees it, and the global fetch. Runs inside the isolate, after the
// runtime's guest scripts; the request and the response are the web feature "fetch".

/** The http bindings in the order of the Nexfile. @type {Parameters<ServiceFactory>[0][]} */
const httpCallers = bareArray();

/**
 * @param {Parameters<ServiceFactory>[0][]} callers
 * @param {unknown} input
 * @param {unknown} init
 */
function fetchBy(callers, input, init) {
  const { internals } = /** @type {any} */ (useFeature('fetch'));
  return internals.fetchBy(callers, input, init);
}

services['http'] = (call) => {
  httpCallers[httpCallers.length] = call;
  return {
    /** @param {unknown} input */
    fetch(input, init = undefined) {
      return fetchBy([call], input, init);
    },
  };
};

defineGlobal('fetch', function fetch(/** @type {unknown} */ input, init = undefined) {
  return fetchBy(httpCallers, input, init);
});
