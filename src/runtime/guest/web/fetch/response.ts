import { defineInterface, requireArguments, toByteString, toDictionary, toUsvString } from '../shared/idl.ts';
import { mixBody } from './body-mixin.ts';
import { BodyState, extractBody } from './body-state.ts';
import { parseUrl } from './features.ts';
import { createHeaders, fillHeaders, type Guard, Headers, headerFields, setGuard } from './headers.ts';

interface ResponseState {
  readonly type: 'default' | 'basic' | 'error';
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly body: BodyState | null;
}

/** A response whatever its state. */
export let createResponse: (state: ResponseState) => Response;
/** Undefined for what is no response. */
export let responseState: (value: unknown) => ResponseState | undefined;

/** https://fetch.spec.whatwg.org/#response-class */
export class Response {
  #state: ResponseState;

  static {
    responseState = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
    createResponse = (state) => {
      const response = new Response();
      response.#state = state;
      return response;
    };
    mixBody(Response.prototype, (response) => ({
      body: response.#state.body,
      contentType: response.#state.headers.get('content-type'),
    }));
  }

  static error(): Response {
    const headers = createHeaders([], 'immutable');
    return createResponse({
      type: 'error',
      url: '',
      redirected: false,
      status: 0,
      statusText: '',
      headers,
      body: null,
    });
  }

  static redirect(url: unknown, status: unknown = 302): Response {
    requireArguments(arguments.length, 1, 'Response.redirect');
    const { href } = parseUrl(toUsvString(url));
    const code = toUnsignedShort(status);
    if (![301, 302, 303, 307, 308].includes(code))
      throw new RangeError(`${code} is not the status of a redirect`);
    return createResponse({
      type: 'default',
      url: '',
      redirected: false,
      status: code,
      statusText: '',
      headers: createHeaders(['location', href], 'immutable'),
      body: null,
    });
  }

  static json(data: unknown, init: unknown = undefined): Response {
    requireArguments(arguments.length, 1, 'Response.json');
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError('The data has no form in JSON');
    return createResponse(createState(init, new BodyState({ kind: 'text', text }), 'application/json'));
  }

  constructor(body: unknown = null, init: unknown = undefined) {
    const dictionary = toDictionary(init, 'The init of a Response');
    if (body === null || body === undefined) this.#state = createState(dictionary, null, undefined);
    else {
      const extracted = extractBody(body);
      this.#state = createState(dictionary, extracted.body, extracted.type);
    }
  }

  get type(): string {
    return this.#state.type;
  }

  get url(): string {
    return this.#state.url;
  }

  get redirected(): boolean {
    return this.#state.redirected;
  }

  get status(): number {
    return this.#state.status;
  }

  get ok(): boolean {
    return this.#state.status >= 200 && this.#state.status <= 299;
  }

  get statusText(): string {
    return this.#state.statusText;
  }

  get headers(): Headers {
    return this.#state.headers;
  }

  clone(): Response {
    const { body, headers } = this.#state;
    if (body?.unusable === true) throw new TypeError('A response whose body was read cannot be cloned');
    const guard: Guard = this.#state.type === 'default' ? 'response' : 'immutable';
    return createResponse({
      ...this.#state,
      headers: createHeaders(headerFields(headers).flat(), guard),
      body: body?.clone() ?? null,
    });
  }
}
defineInterface(Response, 'Response');

/** @throws RangeError, TypeError */
function createState(init: unknown, body: BodyState | null, type: string | undefined): ResponseState {
  const { headers: given, status = 200, statusText = '' } = toDictionary(init, 'The init of a Response');
  const code = toUnsignedShort(status);
  const reason = toByteString(statusText, 'statusText');
  if (code < 200 || code > 599) throw new RangeError(`The status ${code} is not between 200 and 599`);
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(reason)) throw new TypeError('statusText has a control character');
  const headers = new Headers();
  setGuard(headers, 'response');
  if (given !== undefined) fillHeaders(headers, given);
  if (body !== null) {
    if (code === 204 || code === 205 || code === 304)
      throw new TypeError(`A response with status ${code} has no body`);
    if (type !== undefined && !headers.has('content-type')) headers.append('content-type', type);
  }
  return { type: 'default', url: '', redirected: false, status: code, statusText: reason, headers, body };
}

function toUnsignedShort(value: unknown): number {
  return Math.trunc(Number(value)) & 0xffff;
}
