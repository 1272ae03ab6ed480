// @ts-check
// HTTP requests, which come as invocations whose subject is the line of a request.

/**
 * @param {number} trigger
 * @param {string} line
 */
function routeParams(trigger, line) {
  /** @type {Record<string, string>} */
  const params = {};
  const captures = triggers[trigger]?.captures ?? [];
  // The gateway has written the URL: after the scheme and the host there is a path.
  const [path = ''] = line.slice(line.indexOf('/', line.indexOf('//') + 2)).split('?');
  const segments = captures.length === 0 ? [] : path.split('/').slice(1);
  for (let index = 0; index < captures.length; index += 1) {
    const capture = captures[index];
    if (capture === undefined) continue;
    const caught = capture.rest ? segments.slice(capture.index) : [segments[capture.index] ?? ''];
    params[capture.name] = caught.map((segment) => decodeURIComponent(segment)).join('/');
  }
  return params;
}

/**
 * Runs the fetch handler on an invocation whose subject is the line of a request.
 * @param {GuestInvocation} invocation
 * @param {string} line
 * @param {MessageParts} parts
 * @returns {unknown}
 */
function serveRequest(invocation, line, parts) {
  const fields = parts.pairs === 0 ? [] : parts.pairs;
  if (moduleRequests !== undefined)
    return moduleRequests(line, fields, payloadBytes(parts), new Context(invocation));
  const handler = handlers['fetch'];
  if (handler === undefined) throw new TypeError('The module exports no fetch handler');
  const { receive, answer } = /** @type {any} */ (useFeature('fetch')).internals;
  const request = receive(line, fields, parts, () => signalOf(invocation));
  const context = new Context(invocation);
  const value = routeParams(parts.trigger, line);
  void ObjectDefineProperty(context, 'params', { value, enumerable: true });
  return answer(callFunction(handler, handlers, request, env, context));
}
