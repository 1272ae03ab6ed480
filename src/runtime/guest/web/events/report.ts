import type { Event } from './event.ts';
import { defineHandler, dispatchTrusted, type Handler, hasListener, setReporter } from './event-target.ts';
import { ErrorEvent } from './more-events.ts';

let reporting = false;

/**
 * Tells of what nobody caught: the global's `error` listeners, and the function's log unless one of them
 * prevents it. Never throws. https://html.spec.whatwg.org/#report-an-exception
 */
export function reportException(error: unknown): void {
  let logged = true;
  // An error in a listener of errors is logged only.
  if (!reporting && hasListener(globalThis, 'error')) {
    reporting = true;
    try {
      logged = dispatchTrusted(globalThis, toEvent(error));
    } catch {
      // What was thrown cannot even be read.
    } finally {
      reporting = false;
    }
  }
  if (logged) runtime.pushLog('error', `Uncaught ${runtime.inspect(error)}`);
}

function toEvent(error: unknown): ErrorEvent {
  const stack = error instanceof Error ? `${error.stack}` : '';
  const [, filename = '', lineno = 0, colno = 0] = /\(?([^\s(]+):(\d+):(\d+)\)?$/m.exec(stack) ?? [];
  const message = error instanceof Error ? `Uncaught ${error.name}: ${error.message}` : `Uncaught ${error}`;
  return new ErrorEvent('error', { cancelable: true, message, filename, lineno, colno, error });
}
setReporter(reportException);

/** The one handler that is given the parts of its event, and prevents the default by `true`. */
function callErrorHandler(handler: Handler, target: object, event: Event): void {
  if (!(event instanceof ErrorEvent)) {
    if (Reflect.apply(handler, target, [event]) === false) event.preventDefault();
    return;
  }
  const { message, filename, lineno, colno, error } = event;
  if (Reflect.apply(handler, target, [message, filename, lineno, colno, error]) === true)
    event.preventDefault();
}

const holder = {};
defineHandler(holder, 'error', undefined, callErrorHandler);
const { get, set } = Object.getOwnPropertyDescriptor(holder, 'onerror') ?? {};

/** `onerror` of the global object; the property itself is there before this feature is (../../web.js). */
export const errorHandler = {
  get: (): unknown => (get === undefined ? null : Reflect.apply(get, globalThis, [])),
  set(value: unknown): void {
    if (set !== undefined) Reflect.apply(set, globalThis, [value]);
  },
};
