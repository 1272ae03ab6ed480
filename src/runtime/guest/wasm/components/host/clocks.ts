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

/** Ready at a time, when there is nothing to wait for, or always. */
export class Pollable {
  readonly #dueNs: bigint | undefined;
  readonly #pending: (() => Promise<void> | undefined) | undefined;

  constructor(dueNs: bigint | undefined, pending?: () => Promise<void> | undefined) {
    this.#dueNs = dueNs;
    this.#pending = pending;
  }

  /** What it waits for beside the clock. */
  pending(): Promise<void> | undefined {
    return this.#pending?.();
  }

  get isReady(): boolean {
    return this.pending() === undefined && this.leftMs() === 0;
  }

  /** How long the clock takes. */
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
  const pending: Promise<void>[] = [];
  let leftMs = Number.POSITIVE_INFINITY;
  for (const each of pollables) {
    const waited = each.pending();
    if (waited === undefined) leftMs = Math.min(leftMs, each.leftMs());
    else pending.push(waited);
  }
  if (leftMs === 0) return undefined;
  return state.wait(() => firstOf(pending, leftMs)).then(() => wait(state, pollables));
}

/** @param leftMs infinite where no clock is waited for */
async function firstOf(pending: readonly Promise<void>[], leftMs: number): Promise<void> {
  if (leftMs === Number.POSITIVE_INFINITY) return Promise.race(pending);
  let timer: unknown;
  const due = new Promise<void>((resolve) => {
    timer = setTimeout(() => resolve(), leftMs);
  });
  if (pending.length === 0) return due;
  await Promise.race([due, ...pending]);
  clearTimeout(timer as number);
}

function readyOf(pollables: readonly Pollable[]): number[] {
  return pollables.flatMap((each, index) => (each.isReady ? [index] : []));
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
  'wasi:io/poll#[method]pollable.ready': (_state, [pollable]: readonly [Pollable]) => pollable.isReady,
  'wasi:io/poll#[method]pollable.block': (state, [pollable]: readonly [Pollable]) => wait(state, [pollable]),
  'wasi:io/poll#poll': (state, [pollables]: readonly [readonly Pollable[]]) => {
    if (pollables.length === 0) throw new TypeError('It waits for nothing');
    const waiting = wait(state, pollables);
    return waiting === undefined ? readyOf(pollables) : waiting.then(() => readyOf(pollables));
  },
};
