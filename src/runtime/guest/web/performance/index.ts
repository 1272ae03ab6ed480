/** https://w3c.github.io/hr-time, and navigator.userAgent as WinterTC asks for it. */
import { useEvents } from '../shared/events-types.ts';
import { defineInterface } from '../shared/idl.ts';

const { EventTarget } = useEvents();
const KEY = Symbol('made by the runtime');

export class Performance extends EventTarget {
  readonly #timeOrigin: number;

  constructor(key: unknown = undefined) {
    if (key !== KEY) throw new TypeError('Illegal constructor');
    super();
    this.#timeOrigin = runtime.door('time-origin') as number;
  }

  now(): number {
    void this.#timeOrigin;
    return runtime.door('now') as number;
  }

  get timeOrigin(): number {
    return this.#timeOrigin;
  }

  toJSON(): object {
    return { timeOrigin: this.#timeOrigin };
  }
}
defineInterface(Performance, 'Performance');

export const performance = new Performance(KEY);

export class Navigator {
  readonly #userAgent = 'Hairspring';

  constructor(key: unknown = undefined) {
    if (key !== KEY) throw new TypeError('Illegal constructor');
  }

  get userAgent(): string {
    return this.#userAgent;
  }
}
defineInterface(Navigator, 'Navigator');

export const navigator = new Navigator(KEY);
