import { defineInterface, requireArguments, toDictionary } from '../shared/idl.ts';
import { Event, stateOf } from './event.ts';

/** https://dom.spec.whatwg.org/#interface-customevent */
export class CustomEvent extends Event {
  #detail: unknown;

  constructor(type: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, 'CustomEvent');
    super(type, init);
    const { detail = null } = toDictionary(init, 'The options of an event');
    this.#detail = detail;
  }
  get detail(): unknown {
    return this.#detail;
  }
  initCustomEvent(
    type: unknown,
    bubbles: unknown = false,
    cancelable: unknown = false,
    detail: unknown = null,
  ): void {
    requireArguments(arguments.length, 1, 'CustomEvent.initCustomEvent');
    if (stateOf(this)?.dispatching === true) return;
    this.initEvent(type, bubbles, cancelable);
    this.#detail = detail;
  }
}
defineInterface(CustomEvent, 'CustomEvent');

/** https://html.spec.whatwg.org/#errorevent */
export class ErrorEvent extends Event {
  readonly #parts: { message: string; filename: string; lineno: number; colno: number; error: unknown };

  constructor(type: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, 'ErrorEvent');
    super(type, init);
    const options = toDictionary(init, 'The options of an event');
    const { colno = 0, error, filename = '', lineno = 0, message = '' } = options;
    this.#parts = {
      message: `${message}`,
      filename: `${filename}`.toWellFormed(),
      lineno: Number(lineno) >>> 0,
      colno: Number(colno) >>> 0,
      error,
    };
  }
  get message(): string {
    return this.#parts.message;
  }
  get filename(): string {
    return this.#parts.filename;
  }
  get lineno(): number {
    return this.#parts.lineno;
  }
  get colno(): number {
    return this.#parts.colno;
  }
  get error(): unknown {
    return this.#parts.error;
  }
}
defineInterface(ErrorEvent, 'ErrorEvent');

/** https://html.spec.whatwg.org/#promiserejectionevent */
export class PromiseRejectionEvent extends Event {
  readonly #promise: unknown;
  readonly #reason: unknown;

  constructor(type: unknown, init: unknown) {
    requireArguments(arguments.length, 2, 'PromiseRejectionEvent');
    const options = toDictionary(init, 'The options of an event');
    super(type, init);
    const { promise, reason } = options;
    if (typeof promise !== 'object' || promise === null)
      throw new TypeError('A PromiseRejectionEvent takes a promise');
    this.#promise = promise;
    this.#reason = reason;
  }
  get promise(): unknown {
    return this.#promise;
  }
  get reason(): unknown {
    return this.#reason;
  }
}
defineInterface(PromiseRejectionEvent, 'PromiseRejectionEvent');

/** https://html.spec.whatwg.org/#messageevent */
export class MessageEvent extends Event {
  #parts: { data: unknown; origin: string; lastEventId: string; source: unknown; ports: readonly unknown[] };

  constructor(type: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, 'MessageEvent');
    super(type, init);
    const options = toDictionary(init, 'The options of an event');
    this.#parts = partsOf(options);
  }
  get data(): unknown {
    return this.#parts.data;
  }
  get origin(): string {
    return this.#parts.origin;
  }
  get lastEventId(): string {
    return this.#parts.lastEventId;
  }
  get source(): unknown {
    return this.#parts.source;
  }
  get ports(): readonly unknown[] {
    return this.#parts.ports;
  }
  initMessageEvent(
    type: unknown,
    bubbles: unknown = false,
    cancelable: unknown = false,
    data: unknown = null,
    origin: unknown = '',
    lastEventId: unknown = '',
    source: unknown = null,
    ports: unknown = [],
  ): void {
    requireArguments(arguments.length, 1, 'MessageEvent.initMessageEvent');
    if (stateOf(this)?.dispatching === true) return;
    this.initEvent(type, bubbles, cancelable);
    this.#parts = partsOf({ data, origin, lastEventId, source, ports });
  }
}
defineInterface(MessageEvent, 'MessageEvent');

function partsOf(options: Record<string, unknown>) {
  const { data = null, lastEventId = '', origin = '', ports = [], source = null } = options;
  if (source !== null && typeof source !== 'object')
    throw new TypeError('The source of a message is an object');
  return {
    data,
    origin: `${origin}`.toWellFormed(),
    lastEventId: `${lastEventId}`,
    source,
    ports: Object.freeze([...(ports as Iterable<unknown>)]),
  };
}
