/** What features use of the feature `events`. */

export interface EventsFeature {
  readonly DOMException: new (message: string, name: string) => Error;
  readonly QuotaExceededError: new (
    message: string,
    options?: { quota?: number; requested?: number },
  ) => Error;
  readonly Event: new (type: string, init?: object) => object;
  readonly MessageEvent: new (type: string, init?: object) => object;
  readonly EventTarget: new () => object;
  readonly internals: {
    createSignal(): object;
    abort(signal: object, reason?: unknown): void;
    isSignal(value: unknown): boolean;
    /** Has `run` called when the signal is aborted, before its listeners. @returns takes it back */
    addAlgorithm(signal: object, run: () => void): () => void;
    /** Adds an event handler attribute, `on${type}`. */
    defineHandler(prototype: object, type: string, onSet?: (target: object) => void): void;
    dispatchTrusted(target: object, event: object): boolean;
    reportException(error: unknown): void;
  };
}

export function useEvents(): EventsFeature {
  return runtime.use('events') as unknown as EventsFeature;
}

/** An error of the platform, by its name in the table of DOMException. */
export function createDomException(message: string, name: string): Error {
  const { DOMException } = useEvents();
  return new DOMException(message, name);
}
