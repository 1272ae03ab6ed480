import { useEvents } from '../shared/events-types.ts';
import { defineInterface } from '../shared/idl.ts';

const { EventTarget, MessageEvent, internals } = useEvents();
const KEY = Symbol('made by the runtime');

interface Delivery {
  readonly data: unknown;
  readonly ports: readonly unknown[];
}

type CloneMessage = (message: unknown, options: unknown) => Delivery;

let cloneMessage: CloneMessage;

/** Cloning needs ports, and ports need cloning. */
export function setMessageCloner(cloner: CloneMessage): void {
  cloneMessage = cloner;
}

/** https://html.spec.whatwg.org/multipage/web-messaging.html#message-ports */
export class MessagePort extends EventTarget {
  #peer: MessagePort | undefined;
  #queue: Delivery[] = [];
  #started = false;
  #detached = false;
  /** The last one that was set. */
  #timer = 0;

  constructor(key: unknown = undefined) {
    if (key !== KEY) throw new TypeError('Illegal constructor');
    super();
  }

  postMessage(message: unknown, options: unknown = undefined): void {
    const delivery = cloneMessage(message, options);
    const peer = this.#peer;
    if (peer === undefined || delivery.ports.includes(peer)) return;
    peer.#queue.push(delivery);
    peer.#plan();
  }

  start(): void {
    this.#started = true;
    this.#plan();
  }

  close(): void {
    const peer = this.#peer;
    this.#detached = true;
    this.#peer = undefined;
    this.#queue = [];
    if (peer !== undefined) peer.#peer = undefined;
  }

  /** One message at a time, each a task of its own. A port may outlive the invocation whose timer was to deliver. */
  #plan(): void {
    if (!this.#started || this.#queue.length === 0 || runtime.isTimerKept(this.#timer)) return;
    this.#timer = runtime.setTimer(() => {
      const delivery = this.#queue.shift();
      if (delivery === undefined) return;
      internals.dispatchTrusted(this, new MessageEvent('message', delivery));
      this.#plan();
    }, 0);
  }

  static isPort(value: unknown): value is MessagePort {
    return typeof value === 'object' && value !== null && #queue in value;
  }

  static isDetached(port: MessagePort): boolean {
    return port.#detached;
  }

  static connect(one: MessagePort, other: MessagePort): void {
    one.#peer = other;
    other.#peer = one;
  }

  static movePort(from: MessagePort, to: MessagePort): void {
    const peer = from.#peer;
    to.#queue = from.#queue;
    from.#detached = true;
    from.#peer = undefined;
    from.#queue = [];
    if (peer === undefined) return;
    to.#peer = peer;
    peer.#peer = to;
  }
}
export const { isDetached, isPort, movePort } = MessagePort;
const { connect } = MessagePort;
for (const name of ['connect', 'isDetached', 'isPort', 'movePort']) Reflect.deleteProperty(MessagePort, name);
defineInterface(MessagePort, 'MessagePort');
Object.defineProperty(MessagePort.prototype.postMessage, 'length', { value: 1 });
internals.defineHandler(MessagePort.prototype, 'message', (port) => (port as MessagePort).start());
internals.defineHandler(MessagePort.prototype, 'messageerror');

/** The port that takes the place of another. */
export function reservePort(): MessagePort {
  return new MessagePort(KEY);
}

/** https://html.spec.whatwg.org/multipage/web-messaging.html#message-channels */
export class MessageChannel {
  readonly #port1 = reservePort();
  readonly #port2 = reservePort();

  constructor() {
    connect(this.#port1, this.#port2);
  }

  get port1(): MessagePort {
    return this.#port1;
  }

  get port2(): MessagePort {
    return this.#port2;
  }
}
defineInterface(MessageChannel, 'MessageChannel');
