// @ts-check
// Host calls that go out, until their answers come (records.js).

/** Host calls that one invocation may wait for; the host counts too. */
const MAX_HOST_CALLS = 256;
/** Longer than any argument that a host service takes. */
const MAX_ARGUMENT_CHARS = 64 * 1024;
/** Of a label or an operation, and arguments of one call; the host takes no more either. */
const MAX_NAME_CHARS = 256;
const MAX_ARGUMENTS = 16;

/** @type {SlotTable<PendingCall>} */
const calls = new SlotTable();

/**
 * Makes one host call; resolves with what `convert` makes of the answer.
 * @type {HostCaller}
 */
function callHost(label, op, args, payload, convert) {
  const invocation = current;
  return new NativePromise((resolve, reject) => {
    // What a component imports is of the types that it says.
    const isNamed = typeof label === 'string' && typeof op === 'string';
    if (
      !isNamed ||
      label.length > MAX_NAME_CHARS ||
      op.length > MAX_NAME_CHARS ||
      args.length > MAX_ARGUMENTS
    ) {
      reject(callMalformed(isNamed ? label : '?', isNamed ? op : '?', args.length));
      return;
    }
    if (invocation !== undefined && invocation.hostCalls >= MAX_HOST_CALLS) {
      reject(callRefused(label, op, `${MAX_HOST_CALLS} calls are pending already`));
      return;
    }
    let quoted = '';
    for (let index = 0; index < args.length; index += 1) {
      const arg = args[index];
      quoted += `${index === 0 ? '' : ','}${typeof arg === 'number' ? (arg === arg && arg - arg === 0 ? arg : 'null') : quoteArgument(`${arg}`)}`;
    }
    const body = toBody(payload);
    if (!fitsCall(body)) {
      reject(callRefused(label, op, 'more was handed out at once than a cell takes'));
      return;
    }
    // Quoted first: it may flush, which must not come between a record's parts.
    const tail = quoteBody(body);
    if (invocation !== undefined) {
      invocation.pendingCalls += 1;
      invocation.hostCalls += 1;
    }
    const callId = calls.add({ invocation, convert, resolve, reject });
    const owner =
      invocation === undefined ? '0,0' : `${idText(invocation.id)},${idText(newestFor(invocation))}`;
    push(`2,${idText(callId)},${owner},${JSONStringify(label)},${JSONStringify(op)},[${quoted}],${tail}`);
  });
}

/**
 * Refused here, where the host's memory is not touched.
 * @param {string} label
 * @param {string} op
 * @param {string} reason
 */
function callRefused(label, op, reason) {
  return new HostError('HS_HOST_CALL_LIMIT', `Cannot call ${label}.${op}: ${reason}`, true);
}

/**
 * Refused here, since the host takes what it cannot read for the work of a function that has broken its runtime.
 * @param {string} label
 * @param {string} op
 * @param {number} count of its arguments
 */
function callMalformed(label, op, count) {
  const name = `${stringSlice(label, 0, 32)}.${stringSlice(op, 0, 32)}`;
  const reason =
    count > MAX_ARGUMENTS
      ? `${count} arguments are more than the ${MAX_ARGUMENTS} that a host call may have`
      : `a binding's name or an operation has at most ${MAX_NAME_CHARS} characters`;
  return new HostError('HS_HOST_CALL_INVALID', `Cannot call ${name}: ${reason}`, false);
}

/**
 * No service takes an argument this long; what is left of it is refused for its length.
 * @param {string} text
 */
function quoteArgument(text) {
  return JSONStringify(text.length > MAX_ARGUMENT_CHARS ? stringSlice(text, 0, MAX_ARGUMENT_CHARS) : text);
}

/**
 * A call that nobody waits for any more, because its answer is there or will not come.
 * @param {unknown} id
 */
function takeCall(id) {
  const call = calls.take(id);
  if (call?.invocation !== undefined) {
    call.invocation.pendingCalls -= 1;
    call.invocation.hostCalls -= 1;
  }
  return call;
}
