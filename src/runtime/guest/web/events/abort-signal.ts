import { defineInterface, requireArguments, toSequence } from '../shared/idl.ts';
import { DOMException } from './dom-exception.ts';
import { Event } from './event.ts';
import {
  defineHandler,
  dispatchTrusted,
  EventTarget,
  hasListener,
  setSignalReader,
  watchListeners,
} from './event-target.ts';

/** Only we make signals. */
const KEY = Symbol('AbortSignal');
/** Longer than any invocation; a timer that is to wait longer would not wait at all. */
const MAX_DELAY_MS = 2 ** 31 - 1;

interface Timeout {
  /** When it is up, on the monotonic clock. */
  readonly untilMs: number;
  /** The last one that was set. */
  timer: number;
}

interface SignalState {
  /** When it was aborted, as a count of aborts; 0 while it is not. */
  abortedAt: number;
  reason: unknown;
  /** Signals that this one follows; none of them follows another. */
  readonly sources: AbortSignal[];
  /** Signals that follow this one and that somebody listens to. */
  followers: Set<AbortSignal> | undefined;
  readonly order: number;
  algorithms: Set<() => void> | undefined;
  /** Of a signal of `timeout`. */
  timeout: Timeout | undefined;
}

let aborts = 0;
let signals = 0;

/**
 * https://dom.spec.whatwg.org/#interface-AbortSignal
 *
 * A signal made by `any` asks those that it follows; they hold it only while somebody listens to it, so
 * that one that lives long does not keep all that ever followed it.
 */
export class AbortSignal extends EventTarget {
  readonly #state: SignalState;

  constructor(key: unknown = undefined, sources: AbortSignal[] = []) {
    if (key !== KEY) throw new TypeError('Illegal constructor');
    super();
    signals += 1;
    this.#state = {
      abortedAt: 0,
      reason: undefined,
      sources,
      followers: undefined,
      order: signals,
      algorithms: undefined,
      timeout: undefined,
    };
  }

  static abort(reason: unknown = undefined): AbortSignal {
    const signal = createSignal();
    mark(signal, reason);
    return signal;
  }

  static timeout(milliseconds: unknown): AbortSignal {
    requireArguments(arguments.length, 1, 'AbortSignal.timeout');
    const delay = Number(milliseconds);
    if (!Number.isFinite(delay) || delay <= -1 || delay > Number.MAX_SAFE_INTEGER)
      throw new TypeError('The time of AbortSignal.timeout is not a number of milliseconds');
    const signal = createSignal();
    stateOf(signal).timeout = { untilMs: nowMs() + Math.trunc(delay), timer: 0 };
    watchListeners(signal, () => follow(signal));
    arm(signal);
    return signal;
  }

  static any(list: unknown): AbortSignal {
    requireArguments(arguments.length, 1, 'AbortSignal.any');
    const given = toSequence(list, 'The list of signals').map(requireSignal);
    const aborted = given.find((each) => each.aborted);
    if (aborted !== undefined) {
      const signal = createSignal();
      mark(signal, aborted.reason);
      return signal;
    }
    const sources = new Set<AbortSignal>();
    for (const each of given) {
      const own = stateOf(each).sources;
      if (own.length === 0) sources.add(each);
      else for (const source of own) sources.add(source);
    }
    const signal = new AbortSignal(KEY, [...sources]);
    watchListeners(signal, () => follow(signal));
    return signal;
  }

  get aborted(): boolean {
    pull(this);
    return this.#state.abortedAt > 0;
  }

  get reason(): unknown {
    pull(this);
    return this.#state.reason;
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.#state.reason;
  }

  static stateOf(signal: AbortSignal): SignalState {
    return signal.#state;
  }

  static isSignal(value: unknown): value is AbortSignal {
    return typeof value === 'object' && value !== null && #state in value;
  }
}
export const { isSignal } = AbortSignal;
const { stateOf } = AbortSignal;
Reflect.deleteProperty(AbortSignal, 'stateOf');
Reflect.deleteProperty(AbortSignal, 'isSignal');
defineInterface(AbortSignal, 'AbortSignal');
Object.defineProperty(AbortSignal, 'length', { value: 0 });
defineHandler(AbortSignal.prototype, 'abort');

export function createSignal(): AbortSignal {
  return new AbortSignal(KEY);
}

function requireSignal(value: unknown): AbortSignal {
  if (!isSignal(value)) throw new TypeError('What is given is not an AbortSignal');
  return value;
}

function mark(signal: AbortSignal, reason: unknown): void {
  const state = stateOf(signal);
  aborts += 1;
  state.abortedAt = aborts;
  state.reason = reason === undefined ? new DOMException('The operation was aborted', 'AbortError') : reason;
}

function nowMs(): number {
  return runtime.door('now') as number;
}

function timedOut(): DOMException {
  return new DOMException('The operation timed out', 'TimeoutError');
}

/** A timer ends with the invocations that there were when it was set: whoever listens later sets another. */
function arm(signal: AbortSignal): void {
  const { timeout } = stateOf(signal);
  if (timeout === undefined || runtime.currentInvocation() === undefined) return;
  if (runtime.isTimerKept(timeout.timer)) return;
  runtime.clearTimer(timeout.timer);
  const leftMs = Math.ceil(Math.max(0, timeout.untilMs - nowMs()));
  timeout.timer = runtime.setTimer(() => abort(signal, timedOut()), Math.min(leftMs, MAX_DELAY_MS));
}

/** Aborts one whose time is up and whose timer is gone, without a word: those who listened are gone with it. */
function expire(signal: AbortSignal): void {
  const state = stateOf(signal);
  const { abortedAt, timeout } = state;
  if (timeout === undefined || abortedAt > 0 || runtime.isTimerArmed(timeout.timer)) return;
  if (nowMs() < timeout.untilMs) return;
  state.algorithms = undefined;
  mark(signal, timedOut());
}

/** Takes over the abort of the first of its sources that was aborted. */
function pull(signal: AbortSignal): void {
  expire(signal);
  const state = stateOf(signal);
  if (state.abortedAt > 0 || state.sources.length === 0) return;
  let first: SignalState | undefined;
  for (const source of state.sources) {
    expire(source);
    const each = stateOf(source);
    if (each.abortedAt > 0 && (first === undefined || each.abortedAt < first.abortedAt)) first = each;
  }
  if (first === undefined) return;
  state.abortedAt = first.abortedAt;
  state.reason = first.reason;
  leave(signal);
}

/** Joins the sources' followers while anybody listens, and leaves them when nobody does. */
function follow(signal: AbortSignal): void {
  pull(signal);
  const state = stateOf(signal);
  if (state.abortedAt > 0) return;
  if (!hasListener(signal, 'abort') && state.algorithms === undefined) {
    leave(signal);
    return;
  }
  arm(signal);
  for (const source of state.sources) {
    arm(source);
    const own = stateOf(source);
    own.followers ??= new Set();
    own.followers.add(signal);
  }
}

function leave(signal: AbortSignal): void {
  for (const source of stateOf(signal).sources) stateOf(source).followers?.delete(signal);
}

/** Aborts a signal that is not aborted. https://dom.spec.whatwg.org/#abortsignal-signal-abort */
export function abort(signal: AbortSignal, reason: unknown): void {
  const state = stateOf(signal);
  if (state.abortedAt > 0) return;
  mark(signal, reason);
  const followers = [...(state.followers ?? [])].sort(
    (one, other) => stateOf(one).order - stateOf(other).order,
  );
  for (const follower of followers) pull(follower);
  announce(signal);
  for (const follower of followers) announce(follower);
}

function announce(signal: AbortSignal): void {
  const state = stateOf(signal);
  const algorithms = state.algorithms ?? [];
  state.algorithms = undefined;
  for (const run of algorithms) run();
  dispatchTrusted(signal, new Event('abort'));
}

/**
 * Has `run` called when the signal is aborted, before its listeners are. `run` must not throw.
 * @returns takes it back
 */
export function addAlgorithm(signal: AbortSignal, run: () => void): () => void {
  const state = stateOf(signal);
  pull(signal);
  if (state.abortedAt > 0) return () => undefined;
  state.algorithms ??= new Set();
  state.algorithms.add(run);
  follow(signal);
  return () => {
    const { algorithms } = stateOf(signal);
    algorithms?.delete(run);
    if (algorithms?.size !== 0) return;
    stateOf(signal).algorithms = undefined;
    follow(signal);
  };
}

setSignalReader((value) => {
  const signal = requireSignal(value);
  return {
    aborted: signal.aborted,
    addAlgorithm: (run) => {
      addAlgorithm(signal, run);
    },
  };
});

/** https://dom.spec.whatwg.org/#interface-abortcontroller */
export class AbortController {
  readonly #signal = createSignal();

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason: unknown = undefined): void {
    abort(this.#signal, reason);
  }
}
defineInterface(AbortController, 'AbortController');
