/** wasi:clocks and wasi:io/poll. */
import type { HostState, HostTable } from './state.ts';

/** What the host's clock shows in steps of (../../../../isolate/door.ts). */
const CLOCK_STEP_NS = 100_000n;
const NS_PER_MS = 1_000_000;
const MAX_SLEEP_MS = 2 ** 31 - 1;
const MAX_POLLABLES = 1024;

function monotonicNs(): bigint {
  const now = runtime.door('now');
  if (typeof now !== 'number') throw new TypeError('The host has no clock');
  return BigInt(Math.round(now * NS_PER_MS));
}

/** Ready at a time, or always. */
export class Pollable {
  readonly #dueNs: bigint | undefined;

  constructor(dueNs: bigint | undefined) {
    this.#dueNs = dueNs;
  }

  leftMs(): number {
    if (this.#dueNs === undefined) return 0;
    const leftNs = this.#dueNs - monotonicNs();
    return leftNs <= 0n ? 0 : Math.min(MAX_SLEEP_MS, Math.ceil(Number(leftNs) / NS_PER_MS));
  }
}

/** Until one of them is ready. Gives a promise when that is not now. */
function wait(state: HostState, pollables: readonly Pollable[]): undefined | Promise<void> {
  if (pollables.length > MAX_POLLABLES)
    throw new RangeError(`It waits for more than ${MAX_POLLABLES} things`);
  const leftMs = pollables.reduce((least, each) => Math.min(least, each.leftMs()), MAX_SLEEP_MS);
  if (leftMs === 0) return undefined;
  return new Promise<void>((resolve) => setTimeout(() => resolve(), leftMs)).then(() => {
    state.resumed();
    return wait(state, pollables);
  });
}

function readyOf(pollables: readonly Pollable[]): number[] {
  return pollables.flatMap((each, index) => (each.leftMs() === 0 ? [index] : []));
}

export const CLOCKS: HostTable = {
  'wasi:clocks/monotonic-clock#now': () => monotonicNs(),
  'wasi:clocks/monotonic-clock#resolution': () => CLOCK_STEP_NS,
  'wasi:clocks/monotonic-clock#subscribe-instant': (_state, [when]: readonly [bigint]) => new Pollable(when),
  'wasi:clocks/monotonic-clock#subscribe-duration': (_state, [duration]: readonly [bigint]) =>
    new Pollable(monotonicNs() + duration),
  'wasi:clocks/wall-clock#now': () => {
    const now = Date.now();
    return [BigInt(Math.floor(now / 1000)), (now % 1000) * NS_PER_MS];
  },
  'wasi:clocks/wall-clock#resolution': () => [0n, NS_PER_MS],
  'wasi:io/poll#[method]pollable.ready': (_state, [pollable]: readonly [Pollable]) => pollable.leftMs() === 0,
  'wasi:io/poll#[method]pollable.block': (state, [pollable]: readonly [Pollable]) => wait(state, [pollable]),
  'wasi:io/poll#poll': (state, [pollables]: readonly [readonly Pollable[]]) => {
    if (pollables.length === 0) throw new TypeError('It waits for nothing');
    const waiting = wait(state, pollables);
    return waiting === undefined ? readyOf(pollables) : waiting.then(() => readyOf(pollables));
  },
};
