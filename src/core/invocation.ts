import type { HairspringError } from './errors.ts';

/** Headers in the order in which they came. */
export type HeaderPairs = readonly (readonly [string, string])[];

/** What a handler answered. */
export interface Outcome {
  readonly payload: string | Uint8Array | undefined;
  /** Names and values in turn, as the guest gave them: not yet checked. */
  readonly headers: readonly string[];
}

/** One message on its way through a function. A trigger makes it; exactly one of `succeed` and `fail` is called. */
export interface Invocation {
  /** Among the triggers of the version that runs it, or waits to. */
  triggerIndex: number;
  readonly subject: string;
  /** Where the answer goes; empty when nobody waits for one. */
  readonly reply: string;
  /** Of an HTTP request, among those of its cell. */
  readonly requestId?: number;
  readonly headers: HeaderPairs | undefined;
  readonly data: Uint8Array;
  /** The same as text, where that is known already: it is ASCII. */
  readonly text?: string | undefined;
  succeed(outcome: Outcome): void;
  fail(error: HairspringError): void;
}
