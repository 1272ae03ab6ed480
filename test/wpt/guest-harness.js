// Runs in the isolate before testharness.js: the surroundings of a test, and where its results go.
globalThis.GLOBAL = {
  isWindow: () => false,
  isWorker: () => true,
  isShadowRealm: () => false,
};

/** Files of the checkout for tests that fetch them, and the script of its server that sends back what it gets. */
{
  const ECHO = '/fetch/api/resources/echo-content.py';
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = typeof input === 'string' || !('url' in Object(input)) ? `${input}` : input.url;
    const path = url.startsWith(`${location.origin}/`) ? url.slice(location.origin.length) : url;
    if (/^\w+:/.test(path)) {
      if (original === undefined) throw new TypeError(`There is no fetch for ${url}`);
      return original(input, init);
    }
    if (path === ECHO)
      return new Response(await new Request(location.href, init).bytes(), {
        headers: { 'Content-Type': 'text/plain' },
      });
    const found = await globalThis.wptRead(path);
    if (found === null) throw new TypeError(`The checkout has no ${path}`);
    const type = path.endsWith('.json') ? 'application/json' : 'text/plain';
    if (typeof Response === 'function')
      return new Response(found.value, { headers: { 'Content-Type': type } });
    return { ok: true, status: 200, text: async () => found.text(), json: async () => found.json() };
  };
}

globalThis.importScripts = () => undefined;

globalThis.wptStart = (report, timeoutMs) => {
  // Interfaces are judged by what a worker has; the harness itself must not take us for one.
  const isGlobal = { value: (value) => value === globalThis };
  for (const name of ['WorkerGlobalScope', 'DedicatedWorkerGlobalScope']) {
    globalThis[name] = function WorkerScope() {};
    Object.defineProperty(globalThis[name], Symbol.hasInstance, isGlobal);
  }
  const STATUS = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'];
  const HARNESS = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'];
  setTimeout(() => timeout(), timeoutMs);
  add_completion_callback((tests, harness) => {
    const isWhole = globalThis.wptEvaluated === true;
    report({
      status: isWhole ? HARNESS[harness.status] : 'ERROR',
      message: isWhole ? (harness.message ?? '') : 'It was done before its script was evaluated to the end',
      subtests: tests.map((test) => ({
        name: `${test.name}`,
        status: STATUS[test.status],
        message: test.message ?? '',
      })),
    });
  });
};
