// @ts-check
// What a blank isolate does before any function is loaded.

/**
 * Web features that libraries look for when they are loaded (DOMException, EventTarget, AbortController): made
 * ahead, while nobody waits. Each costs every blank isolate memory (docs/decisions/0012).
 */
const COMMON_FEATURES = ['events'];

/** As the host gives it, so that V8 knows objects of its shape. */
const REHEARSED_LOAD =
  '{"name":"","namespace":"","triggers":[{"captures":[]}],"environment":{},"bindings":{},"budgetMs":1000,"idPrefix":""}';

/** As a batch has it: two requests, of which one is answered with text and one with JSON. */
const REHEARSED_REQUESTS =
  ',0,0,0,"POST http://localhost/text",0,1,["content-type","text/plain"],1,"text"' +
  ',0,0,0,"POST http://localhost/json?to=all",0,1,["content-type","application/json"],1,"{}"';

/**
 * Runs records of ours before any function is loaded: V8 compiles what it meets at its first run,
 * and that must not wait for somebody's message.
 * @param {string} readiness `requests` where requests of HTTP will come as well
 */
function rehearse(readiness) {
  for (let index = 0; index < COMMON_FEATURES.length; index += 1)
    useFeature(/** @type {string} */ (COMMON_FEATURES[index]));
  rehearseLanguage();
  // All of it in one budget, though the machine is busy: nothing is given again.
  load(REHEARSED_LOAD);
  handlers = { message: async (message) => /** @type {Message} */ (message).text(), fetch: rehearseRequest };
  servesRequests = readiness === 'requests';
  runBatch(1, [`[0,0,0,"rehearsal",1,1,0,1,"text"${servesRequests ? REHEARSED_REQUESTS : ''}]`]);
  // The top level of a function is in no invocation.
  setCurrent(undefined);
}

/**
 * What many scripts use when they are loaded, and V8 makes when an isolate uses it for the first time: regular
 * expressions with their tables, and errors. It takes a cold start a tenth of a millisecond each.
 */
function rehearseLanguage() {
  new /** @type {any} */ (useFeature('events')).DOMException('');
  '/a/:b'.replace(/:([a-z]+)/gi, (_, name) => name);
  /^[x-z]\//.test('x/');
  // Nothing of it is left in RegExp.lastMatch and its likes.
  /(?:)/.exec('');
}

/** Does what most handlers of requests do. @param {any} request */
async function rehearseRequest(request) {
  const { Response } = /** @type {any} */ (useFeature('fetch'));
  const { URL } = /** @type {any} */ (useFeature('url'));
  const { pathname, searchParams } = new URL(request.url);
  const type = request.headers.get('content-type');
  if (pathname === '/text') return new Response(await request.text(), { headers: { 'content-type': type } });
  return Response.json({ to: searchParams.get('to'), given: await request.json() }, { status: 201 });
}
