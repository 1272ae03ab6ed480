import { defineInterface, requireArguments } from '../shared/idl.ts';
import { DOMException } from './dom-exception.ts';
import { type Event, stateOf } from './event.ts';

type Callback = object;
/** A function that is set as `onabort` or the like. */
export type Handler = (...args: unknown[]) => unknown;

interface Listener {
  readonly type: string;
  readonly callback: Callback;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  removed: boolean;
}

/** A signal that takes a listener away; AbortSignal builds on this file, so it comes from there. */
export interface RemovingSignal {
  readonly aborted: boolean;
  addAlgorithm(run: () => void): void;
}

type SignalReader = (value: unknown) => RemovingSignal;

let readSignal: SignalReader = () => {
  throw new TypeError('The signal of a listener is not an AbortSignal');
};

export function setSignalReader(reader: SignalReader): void {
  readSignal = reader;
}

let report: (error: unknown) => void = () => undefined;

/** Says who hears of what a listener throws. */
export function setReporter(reporter: (error: unknown) => void): void {
  report = reporter;
}

/** Listeners of the global object, whose methods may be called without it. */
let globalListeners: Listener[] = [];

function readOptions(options: unknown) {
  if (typeof options === 'object' && options !== null) {
    const { capture, once, passive, signal } = options as Record<string, unknown>;
    return {
      capture: Boolean(capture),
      once: Boolean(once),
      passive: Boolean(passive),
      signal: signal === undefined ? undefined : readSignal(signal),
    };
  }
  return { capture: Boolean(options), once: false, passive: false, signal: undefined };
}

function readCallback(callback: unknown): Callback | undefined {
  if (callback === null || callback === undefined) return undefined;
  if (typeof callback === 'object' || typeof callback === 'function') return callback;
  throw new TypeError('A listener is a function or an object');
}

/** https://dom.spec.whatwg.org/#interface-eventtarget */
export class EventTarget {
  #listeners: Listener[] = [];
  #changed: (() => void) | undefined;

  addEventListener(type: unknown, callback: unknown, options: unknown = undefined): void {
    const target = self(this);
    requireArguments(arguments.length, 2, 'EventTarget.addEventListener');
    const name = `${type}`;
    const given = readCallback(callback);
    const { capture, once, passive, signal } = readOptions(options);
    if (given === undefined || signal?.aborted === true) return;
    const listeners = listenersOf(target);
    for (const each of listeners)
      if (each.type === name && each.callback === given && each.capture === capture) return;
    const listener: Listener = { type: name, callback: given, capture, once, passive, removed: false };
    // Whoever runs through the listeners goes on with those that were there.
    setListeners(target, [...listeners, listener]);
    signal?.addAlgorithm(() => remove(target, listener));
  }

  removeEventListener(type: unknown, callback: unknown, options: unknown = undefined): void {
    const target = self(this);
    requireArguments(arguments.length, 2, 'EventTarget.removeEventListener');
    const name = `${type}`;
    const given = readCallback(callback);
    const capture =
      typeof options === 'object' && options !== null
        ? Boolean((options as { capture?: unknown }).capture)
        : Boolean(options);
    for (const each of listenersOf(target))
      if (each.type === name && each.callback === given && each.capture === capture) remove(target, each);
  }

  dispatchEvent(event: unknown): boolean {
    const target = self(this);
    requireArguments(arguments.length, 1, 'EventTarget.dispatchEvent');
    const state = stateOf(event);
    if (state === undefined) throw new TypeError('What is dispatched is not an Event');
    if (state.dispatching) throw new DOMException('The event is being dispatched', 'InvalidStateError');
    state.trusted = false;
    return dispatch(target, event as Event);
  }

  static listenersOf(target: object): Listener[] {
    return target === globalThis ? globalListeners : (target as EventTarget).#listeners;
  }

  static setListeners(target: object, listeners: Listener[]): void {
    if (target === globalThis) globalListeners = listeners;
    else {
      const owner = target as EventTarget;
      owner.#listeners = listeners;
      owner.#changed?.();
    }
  }

  static watchListeners(target: EventTarget, changed: () => void): void {
    target.#changed = changed;
  }
}
const { listenersOf, setListeners } = EventTarget;
/** Has `changed` called whenever a target's listeners have changed. */
export const { watchListeners } = EventTarget;
Reflect.deleteProperty(EventTarget, 'watchListeners');
Reflect.deleteProperty(EventTarget, 'listenersOf');
Reflect.deleteProperty(EventTarget, 'setListeners');
defineInterface(EventTarget, 'EventTarget');

function self(target: object | undefined | null): object {
  const object = target ?? globalThis;
  listenersOf(object);
  return object;
}

function remove(target: object, listener: Listener): void {
  listener.removed = true;
  setListeners(
    target,
    listenersOf(target).filter((each) => each !== listener),
  );
}

/** Whether anybody listens for events of this type. */
export function hasListener(target: object, type: string): boolean {
  return listenersOf(target).some((each) => each.type === type);
}

/** Hands an event round among the listeners of its target. @returns whether nobody prevented its default */
export function dispatch(target: object, event: Event): boolean {
  const state = stateOf(event);
  if (state === undefined) return true;
  state.dispatching = true;
  state.target = target;
  const listeners = listenersOf(target);
  state.currentTarget = target;
  // Capturing listeners of the target itself come first.
  if (!state.stopped && listeners.length > 0) {
    run(target, listeners, event, true);
    if (!state.stopped) run(target, listeners, event, false);
  }
  state.currentTarget = null;
  state.dispatching = false;
  state.stopped = false;
  state.stoppedAtOnce = false;
  return !state.canceled;
}

/** The same for an event of the platform's own. */
export function dispatchTrusted(target: object, event: Event): boolean {
  const state = stateOf(event);
  if (state !== undefined) state.trusted = true;
  return dispatch(target, event);
}

function run(target: object, listeners: readonly Listener[], event: Event, capture: boolean): void {
  const state = stateOf(event);
  if (state === undefined) return;
  for (const listener of listeners) {
    if (listener.removed || listener.type !== state.type || listener.capture !== capture) continue;
    if (listener.once) remove(target, listener);
    state.passive = listener.passive;
    try {
      call(listener.callback, target, event);
    } catch (error) {
      report(error);
    }
    state.passive = false;
    if (state.stoppedAtOnce) return;
  }
}

function call(callback: Callback, target: object, event: Event): void {
  if (typeof callback === 'function') {
    Reflect.apply(callback, target, [event]);
    return;
  }
  const { handleEvent } = callback as { handleEvent?: unknown };
  if (typeof handleEvent !== 'function') throw new TypeError('A listener has no function handleEvent');
  Reflect.apply(handleEvent, callback, [event]);
}

function callHandler(handler: Handler, target: object, event: Event): void {
  if (Reflect.apply(handler, target, [event]) === false) event.preventDefault();
}

/**
 * Gives a class an event handler, as `onabort`. It takes its turn where it was first set.
 * https://html.spec.whatwg.org/#event-handler-idl-attributes
 */
export function defineHandler(
  prototype: object,
  type: string,
  onSet?: (target: object) => void,
  callWith = callHandler,
): void {
  const handlers = new WeakMap<object, { handler: unknown; listener: (event: Event) => void }>();
  const accessor = {
    get [`on${type}`](): unknown {
      return handlers.get(self(this))?.handler ?? null;
    },
    set [`on${type}`](value: unknown) {
      const target = self(this);
      const handler =
        typeof value === 'function' || (typeof value === 'object' && value !== null) ? value : null;
      const known = handlers.get(target);
      const add = Reflect.get(EventTarget.prototype, 'addEventListener');
      if (handler === null) {
        if (known !== undefined)
          Reflect.apply(EventTarget.prototype.removeEventListener, target, [type, known.listener]);
        handlers.delete(target);
      } else if (known !== undefined) known.handler = handler;
      else {
        const listener = (event: Event): void => {
          const current = handlers.get(target)?.handler;
          if (typeof current === 'function') callWith(current as Handler, target, event);
        };
        handlers.set(target, { handler, listener });
        Reflect.apply(add, target, [type, listener]);
        onSet?.(target);
      }
    },
  };
  const descriptor = Object.getOwnPropertyDescriptor(accessor, `on${type}`);
  if (descriptor !== undefined) Object.defineProperty(prototype, `on${type}`, descriptor);
}
