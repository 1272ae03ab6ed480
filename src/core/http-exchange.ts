/**
 * An HTTP request on its way from the gateway in the host to a function in a cell, and the answer on its way back.
 *
 * To the guest a request is an invocation whose subject is its line: method, a space, the absolute URL. No NATS subject
 * has a space in it. The answer is a reply whose first header is `:status`, which no header of a message can be named.
 */
import type { WireError } from './errors.ts';
import type { HeaderPairs } from './invocation.ts';

/** What a gateway asks of a cell. */
export interface HttpAsk {
  /** Of the function. */
  readonly id: string;
  /** The route that was chosen, as its trigger has it. */
  readonly route: string;
  readonly method: string;
  /** Absolute, without a fragment. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: HeaderPairs;
  readonly body: Uint8Array;
}

/** What a function answered, not yet checked. */
export interface HttpAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array;
}

/** A request that a cell has. */
export interface PendingAnswer {
  /** Rejects with the coded error that its client is to hear. */
  readonly answer: Promise<HttpAnswer>;
  /** Nobody waits for the answer any more. Doing it twice is doing it once. */
  abandon(): void;
}

/** A request on its way between the two processes; short bodies travel as text with a character for each byte. */
export type HttpAskRecord = readonly [
  requestId: number,
  id: string,
  route: string,
  method: string,
  url: string,
  headers: readonly string[],
  body: string | Uint8Array,
];

/** An answer on its way back: a response, or why there is none. */
export type HttpAnswerRecord =
  | readonly [requestId: number, status: number, headers: readonly string[], body: string | Uint8Array]
  | readonly [requestId: number, error: WireError];

/**
 * Bodies that go in one message between the two processes: past it the message is sent with the last of them. The other
 * process holds a whole message as long as one of its bodies is in use, and reads none that is too long.
 */
export const HTTP_MESSAGE_BYTES = 256 * 1024;

/** Header of a reply by which a function's runtime tells the status of a response. */
export const STATUS_HEADER = ':status';

export const HTTP_LIMITS = {
  /** Largest body of a response: it is held in memory as a whole. */
  responseBytes: 8 * 1024 ** 2,
  /** Names and values of the headers of a response together. */
  responseHeaderChars: 64 * 1024,
  /** Header fields of a response. */
  responseHeaders: 256,
} as const;

/** The subject of an invocation by HTTP. */
export function requestLine({ method, url }: Pick<HttpAsk, 'method' | 'url'>): string {
  return `${method} ${url}`;
}

/**
 * What others are shown of where an invocation came in: a subject as it is, of an HTTP request the method and the path.
 * A query may hold what nobody else is to know.
 */
export function shownSubject(subject: string): string {
  const space = subject.indexOf(' ');
  if (space === -1) return subject;
  const { pathname } = URL.parse(subject.slice(space + 1)) ?? { pathname: '' };
  return `${subject.slice(0, space)} ${pathname}`;
}
