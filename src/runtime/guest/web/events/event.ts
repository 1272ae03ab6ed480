import { defineInterface, requireArguments, toDictionary } from '../shared/idl.ts';

/** What a target does with an event that it hands round; nobody else has it. */
export interface EventState {
  type: string;
  target: object | null;
  currentTarget: object | null;
  dispatching: boolean;
  stopped: boolean;
  stoppedAtOnce: boolean;
  /** The listener that runs is passive. */
  passive: boolean;
  canceled: boolean;
  bubbles: boolean;
  cancelable: boolean;
  composed: boolean;
  trusted: boolean;
  /** In milliseconds since the time origin. */
  readonly timeStamp: number;
}

const NONE = 0;
const AT_TARGET = 2;

/** https://dom.spec.whatwg.org/#interface-event */
export class Event {
  readonly #state: EventState;

  constructor(type: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, 'Event');
    const text = `${type}`;
    const options = toDictionary(init, 'The options of an event');
    const bubbles = Boolean(options.bubbles);
    const cancelable = Boolean(options.cancelable);
    this.#state = {
      type: text,
      target: null,
      currentTarget: null,
      dispatching: false,
      stopped: false,
      stoppedAtOnce: false,
      passive: false,
      canceled: false,
      bubbles,
      cancelable,
      composed: Boolean(options.composed),
      trusted: false,
      timeStamp: runtime.door('now') as number,
    };
    Object.defineProperty(this, 'isTrusted', TRUSTED);
  }

  static stateOf(event: unknown): EventState | undefined {
    return typeof event === 'object' && event !== null && #state in event ? event.#state : undefined;
  }

  static isTrusted(event: Event): boolean {
    return event.#state.trusted;
  }

  get type(): string {
    return this.#state.type;
  }
  get target(): object | null {
    return this.#state.target;
  }
  get srcElement(): object | null {
    return this.#state.target;
  }
  get currentTarget(): object | null {
    return this.#state.currentTarget;
  }
  composedPath(): object[] {
    const { currentTarget } = this.#state;
    return currentTarget === null ? [] : [currentTarget];
  }
  get eventPhase(): number {
    return this.#state.currentTarget === null ? NONE : AT_TARGET;
  }
  stopPropagation(): void {
    this.#state.stopped = true;
  }
  get cancelBubble(): boolean {
    return this.#state.stopped;
  }
  set cancelBubble(value: unknown) {
    if (value) this.#state.stopped = true;
  }
  stopImmediatePropagation(): void {
    this.#state.stopped = true;
    this.#state.stoppedAtOnce = true;
  }
  get bubbles(): boolean {
    return this.#state.bubbles;
  }
  get cancelable(): boolean {
    return this.#state.cancelable;
  }
  get returnValue(): boolean {
    return !this.#state.canceled;
  }
  set returnValue(value: unknown) {
    const state = this.#state;
    if (!value) cancel(state);
  }
  preventDefault(): void {
    cancel(this.#state);
  }
  get defaultPrevented(): boolean {
    return this.#state.canceled;
  }
  get composed(): boolean {
    return this.#state.composed;
  }
  get timeStamp(): number {
    return this.#state.timeStamp;
  }
  initEvent(type: unknown, bubbles: unknown = false, cancelable: unknown = false): void {
    requireArguments(arguments.length, 1, 'Event.initEvent');
    const state = this.#state;
    const text = `${type}`;
    if (state.dispatching) return;
    state.stopped = false;
    state.stoppedAtOnce = false;
    state.canceled = false;
    state.trusted = false;
    state.target = null;
    state.type = text;
    state.bubbles = Boolean(bubbles);
    state.cancelable = Boolean(cancelable);
  }
}

function cancel(state: EventState): void {
  if (state.cancelable && !state.passive) state.canceled = true;
}

export const { stateOf, isTrusted } = Event;
Reflect.deleteProperty(Event, 'stateOf');
Reflect.deleteProperty(Event, 'isTrusted');

/** Every event has it as its own, and none can have another. */
const TRUSTED = {
  get: Object.getOwnPropertyDescriptor(
    {
      get isTrusted(): boolean {
        return isTrusted(this as unknown as Event);
      },
    },
    'isTrusted',
  )?.get as () => boolean,
  enumerable: true,
  configurable: false,
};

for (const [name, value] of Object.entries({ NONE, CAPTURING_PHASE: 1, AT_TARGET, BUBBLING_PHASE: 3 }))
  for (const target of [Event, Event.prototype])
    Object.defineProperty(target, name, { value, enumerable: true });
defineInterface(Event, 'Event');
