// @ts-check
// How an invocation ends: with its reply, or with an error.

/**
 * @param {GuestInvocation} invocation
 * @param {unknown} value
 */
function settle(invocation, value) {
  if (invocation.settled) return;
  invocation.settled = true;
  if (invocation.pendingTails === 0) removeOpen(invocation);
  let head = '';
  let tail = '';
  try {
    let body = value;
    /** @type {string | undefined} */
    let headers = '0';
    if (value instanceof Reply) {
      body = value.body;
      headers = quoteHeaders(value.headers);
    }
    const sent = toBody(body);
    if (headers === undefined || !fitsReply(sent)) {
      const reason =
        headers === undefined
          ? `its headers are more than the ${MAX_HEADER_CHARS / 1024}KiB of characters that those of one reply may be`
          : `with its ${sent === undefined ? 0 : sent.length} ${typeof sent === 'string' ? 'characters' : 'bytes'} the replies of one moment are more than the ${MAX_OUT_CHARS / 1024 ** 2}MiB that a cell takes`;
      pushFailure(
        invocation.id,
        'HS_REPLY_TOO_LARGE',
        `Cannot reply: ${reason}`,
        '',
        invocation.pendingTails,
      );
      return;
    }
    tail = quoteBody(sent);
    head = `0,${idText(invocation.id)},${invocation.pendingTails},${headers},`;
  } catch (error) {
    pushError(invocation.id, 'HS_FUNCTION_NO_REPLY', error, invocation.pendingTails);
    return;
  }
  answers += 1;
  push(head + tail);
}

/**
 * @param {GuestInvocation} invocation
 * @param {unknown} error
 */
function fail(invocation, error) {
  if (invocation.settled) return;
  invocation.settled = true;
  if (invocation.pendingTails === 0) removeOpen(invocation);
  const code = error !== undefined && error === calledByName ? 'HS_INVOKE_SUBJECT' : moduleErrorCode(error);
  pushError(invocation.id, code ?? 'HS_FUNCTION_THREW', error, invocation.pendingTails);
}

/** @type {TypeError | undefined} */
let calledByName;

/** What has http triggers alone needs no handler of messages until somebody calls it by its name. */
function noMessageHandler() {
  if (!servesRequests) return new TypeError('The module exports no message handler');
  calledByName ??= new TypeError('It answers HTTP requests only: its module exports no message handler');
  return calledByName;
}

/**
 * After an interruption that no open invocation can be blamed for: V8 has dropped all microtasks, so
 * whoever waits for neither the host nor a timer was the one that ran, or never goes on. Unless it waits for what
 * another invocation awaits: while anything of the instance's is to come it has until its deadline.
 */
function failStranded() {
  if (calls.size > 0 || timers.size > 0) return;
  eachOpen((invocation) => {
    if (invocation.settled || invocation.pendingCalls > 0) return;
    invocation.settled = true;
    removeOpen(invocation);
    pushError(invocation.id, 'HS_FUNCTION_CPU', undefined, invocation.pendingTails);
  });
}
