// @ts-check
// What a blank isolate does before any function is loaded.

/**
 * Web features that libraries look for when they are loaded (DOMException, EventTarget, AbortController): made
 * ahead, while nobody waits. Each costs every blank isolate memory (docs/decisions/0012).
 */
const COMMON_FEATURES = ['events'];

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
  // All of it, though the machine is busy: nothing is given again.
  load('{"name":"","namespace":"","triggers":[],"budgetMs":1000,"environment":{},"bindings":{}}');
  handlers = { message: async (message) => /** @type {Message} */ (message).text(), fetch: rehearseRequest };
  servesRequests = readiness === 'requests';
  runBatch(1, [`[0,0,0,"rehearsal",1,1,0,1,"text"${servesRequests ? REHEARSED_REQUESTS : ''}]`]);
  // The top level of a function is in no invocation.
  setCurrent(undefined);
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
