import { defineInterface, requireArguments, toDictionary, toUsvString } from '../shared/idl.ts';
import { mixBody } from './body-mixin.ts';
import { type BodyState, extractBody } from './body-state.ts';
import { type AbortSignalLike, followSignal, isAbortSignal, parseUrl } from './features.ts';
import { createHeaders, fillHeaders, Headers, headerFields, setGuard } from './headers.ts';
import { DEFAULT_WORDS, type RequestWords, readMethod, readWords } from './request-init.ts';

export interface RequestState {
  readonly method: string;
  readonly url: string;
  readonly words: RequestWords;
  readonly headers: Headers;
  body: BodyState | null;
  /** What aborts it; the request's own signal follows this one. */
  readonly source: AbortSignalLike | undefined;
}

export let requestState: (request: Request) => RequestState;
let isRequest: (value: unknown) => value is Request;

/** Only the runtime has it, so that no function makes a request of it. */
class GivenState {
  readonly state: RequestState;
  constructor(state: RequestState) {
    this.state = state;
  }
}

/** A request whatever its state. */
export function createRequest(state: RequestState): Request {
  return new Request(new GivenState(state));
}

/** https://fetch.spec.whatwg.org/#request-class */
export class Request {
  #state: RequestState;
  #signal: AbortSignalLike | undefined;

  static {
    requestState = (request) => request.#state;
    isRequest = (value): value is Request => typeof value === 'object' && value !== null && #state in value;
    mixBody(Request.prototype, (request) => ({
      body: request.#state.body,
      contentType: request.#state.headers.get('content-type'),
    }));
  }

  constructor(input: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, 'Request');
    this.#state =
      input instanceof GivenState
        ? input.state
        : createState(input, toDictionary(init, 'The init of a Request'));
  }

  get method(): string {
    return this.#state.method;
  }

  get url(): string {
    return this.#state.url;
  }

  get headers(): Headers {
    return this.#state.headers;
  }

  get destination(): string {
    void this.#state;
    return '';
  }

  get referrer(): string {
    return this.#state.words.referrer;
  }

  get referrerPolicy(): string {
    return this.#state.words.referrerPolicy;
  }

  get mode(): string {
    return this.#state.words.mode;
  }

  get credentials(): string {
    return this.#state.words.credentials;
  }

  get cache(): string {
    return this.#state.words.cache;
  }

  get redirect(): string {
    return this.#state.words.redirect;
  }

  get integrity(): string {
    return this.#state.words.integrity;
  }

  get keepalive(): boolean {
    return this.#state.words.keepalive;
  }

  get isReloadNavigation(): boolean {
    void this.#state;
    return false;
  }

  get isHistoryNavigation(): boolean {
    void this.#state;
    return false;
  }

  get signal(): AbortSignalLike {
    this.#signal ??= followSignal(this.#state.source);
    return this.#signal;
  }

  get duplex(): string {
    void this.#state;
    return 'half';
  }

  clone(): Request {
    const { body, ...state } = this.#state;
    if (body?.unusable === true) throw new TypeError('A request whose body was read cannot be cloned');
    const clone = new Request(state.url);
    clone.#state = {
      ...state,
      // A request that follows this one's signal would not outlive it.
      source: this.#signal ?? state.source,
      headers: copyHeaders(state.headers, state.words.mode),
      body: body?.clone() ?? null,
    };
    return clone;
  }
}
defineInterface(Request, 'Request');

function copyHeaders(headers: Headers, mode: string): Headers {
  return createHeaders(headerFields(headers).flat(), mode === 'no-cors' ? 'request-no-cors' : 'request');
}

/** @throws TypeError */
function createState(input: unknown, init: Record<string, unknown>): RequestState {
  const earlier = isRequest(input) ? requestState(input) : undefined;
  const url = earlier === undefined ? readUrl(toUsvString(input)) : earlier.url;
  const words = readWords(init, earlier?.words ?? DEFAULT_WORDS);
  const method = init['method'] === undefined ? (earlier?.method ?? 'GET') : readMethod(init['method']);
  if (words.mode === 'no-cors' && !['GET', 'HEAD', 'POST'].includes(method))
    throw new TypeError(`mode "no-cors" has no method ${method}`);
  const source = readSignal(init['signal'], earlier, isRequest(input) ? input : undefined);
  const headers = new Headers();
  setGuard(headers, words.mode === 'no-cors' ? 'request-no-cors' : 'request');
  fillHeaders(headers, init['headers'] ?? earlier?.headers ?? {});
  const given = init['body'] ?? null;
  if ((given !== null || (earlier?.body ?? null) !== null) && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`A request with method ${method} has no body`);
  if (given === null) {
    const body = earlier?.body ?? null;
    if (body?.unusable === true) throw new TypeError('The body of the request was read already');
    return { method, url, words, headers, source, body: body?.handOver() ?? null };
  }
  const { body, type } = extractBody(given);
  // The tests of the platform, if not the standard's words, have the body that is left out count as used.
  if (earlier?.body?.unusable === false) earlier.body.handOver();
  if (body.source === undefined) {
    if (words.keepalive) throw new TypeError('A body that is a stream does not go with keepalive');
    if (init['duplex'] === undefined) throw new TypeError('A body that is a stream needs duplex "half"');
  }
  if (type !== undefined && !headers.has('content-type')) headers.append('content-type', type);
  return { method, url, words, headers, source, body };
}

function readUrl(text: string): string {
  const url = parseUrl(text);
  if (url.username !== '' || url.password !== '')
    throw new TypeError('The URL of a request has no user and no password');
  return url.href;
}

function readSignal(
  given: unknown,
  earlier: RequestState | undefined,
  input: Request | undefined,
): AbortSignalLike | undefined {
  if (given === null) return undefined;
  if (given === undefined) return earlier?.source === undefined ? undefined : input?.signal;
  if (!isAbortSignal(given)) throw new TypeError('signal is not an AbortSignal');
  return given;
}
