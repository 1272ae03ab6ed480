/** What came back of a host call, and the bytes beside it. */
export type HostAnswer = readonly [value: unknown, data: Uint8Array<ArrayBuffer>];

interface Turns {
  running: number;
  readonly waiting: (() => void)[];
}

/** Below the host's limit on pending calls, so that a list of any length may be hashed with `Promise.all`. */
const MAX_RUNNING = 64;

/** By invocation; a host call belongs to the one that is current when it is made. */
const turns = new WeakMap<object, Turns>();
const outside: Turns = { running: 0, waiting: [] };

/** Makes a host call for crypto, of which each invocation has so many under way at once. */
export function takeTurn(
  operation: string,
  json: string,
  payload: Uint8Array | undefined,
): Promise<HostAnswer> {
  const mine = turnsOf(runtime.currentInvocation());
  if (mine.running < MAX_RUNNING) return call(mine, operation, json, payload);
  return new Promise((resolve) => {
    mine.waiting.push(() => resolve(call(mine, operation, json, payload)));
  });
}

function turnsOf(invocation: object | undefined): Turns {
  if (invocation === undefined) return outside;
  let found = turns.get(invocation);
  if (found === undefined) {
    found = { running: 0, waiting: [] };
    turns.set(invocation, found);
  }
  return found;
}

function call(
  mine: Turns,
  operation: string,
  json: string,
  payload: Uint8Array | undefined,
): Promise<HostAnswer> {
  mine.running += 1;
  const answer = runtime.callHost('$crypto', operation, [json], payload, (value, data): HostAnswer => {
    // While the answer is taken its invocation is the current one, and so the owner of the next call.
    startNext(mine);
    return [value, runtime.payloadBytes(data)];
  });
  return answer.catch((error: unknown) => {
    startNext(mine);
    throw error;
  });
}

function startNext(mine: Turns): void {
  mine.running -= 1;
  mine.waiting.shift()?.();
}
