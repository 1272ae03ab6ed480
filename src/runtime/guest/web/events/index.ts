/** Events, abort signals and DOMException. https://dom.spec.whatwg.org */
import { abort, addAlgorithm, createSignal, isSignal } from './abort-signal.ts';
import { cloneDomException } from './dom-exception.ts';
import { defineHandler, dispatchTrusted, EventTarget, hasListener } from './event-target.ts';
import { errorHandler, reportException } from './report.ts';

export { AbortController, AbortSignal } from './abort-signal.ts';
export { DOMException, QuotaExceededError } from './dom-exception.ts';
export { Event } from './event.ts';
export { EventTarget } from './event-target.ts';
export { CustomEvent, ErrorEvent, MessageEvent, PromiseRejectionEvent } from './more-events.ts';

/** The global object is an event target too. */
export const { addEventListener, dispatchEvent, removeEventListener } = EventTarget.prototype;

export const internals = {
  abort,
  addAlgorithm,
  clone: cloneDomException,
  createSignal,
  defineHandler,
  dispatchTrusted,
  errorHandler,
  hasListener,
  isSignal,
  reportException,
};
