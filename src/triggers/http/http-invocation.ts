import {
  type FunctionSpec,
  formatBytes,
  HairspringError,
  type HeaderPairs,
  HTTP_LIMITS,
  type HttpAnswer,
  type HttpAsk,
  type Invocation,
  type Outcome,
  requestLine,
  STATUS_HEADER,
} from '../../core/index.ts';

/** One HTTP request on its way through a function. */
export class HttpInvocation implements Invocation {
  readonly subject: string;
  readonly reply = '';
  readonly headers: HeaderPairs;
  readonly data: Uint8Array;
  /** Rejects with the coded error that the function's invocation ends with. */
  readonly answer: Promise<HttpAnswer>;
  readonly #route: string;
  readonly #currentSpec: () => FunctionSpec;
  readonly #settle = Promise.withResolvers<HttpAnswer>();

  /** @param currentSpec of the version that the function has when it is called: another may take over what waits */
  constructor(ask: HttpAsk, currentSpec: () => FunctionSpec) {
    this.subject = requestLine(ask);
    this.headers = ask.headers;
    this.data = ask.body;
    this.answer = this.#settle.promise;
    this.#route = ask.route;
    this.#currentSpec = currentSpec;
  }

  get triggerIndex(): number {
    return this.#currentSpec().triggers.findIndex(
      ({ kind, pattern }) => kind === 'http' && pattern === this.#route,
    );
  }

  succeed(outcome: Outcome): void {
    const answer = toAnswer(this.#currentSpec().name, outcome);
    if (HairspringError.is(answer)) this.#settle.reject(answer);
    else this.#settle.resolve(answer);
  }

  fail(error: HairspringError): void {
    this.#settle.reject(error);
  }
}

/** The response that a reply stands for, or why there is none. */
export function toAnswer(name: string, { payload = '', headers }: Outcome): HttpAnswer | HairspringError {
  let status = 0;
  const fields: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const field = headers[index] ?? '';
    const value = headers[index + 1] ?? '';
    if (field === STATUS_HEADER) status = /^[2-5]\d\d$/.test(value) ? Number(value) : 0;
    else fields.push(field, value);
  }
  if (status === 0) {
    const message = `Cannot answer the request to ${name}: its handler returned no response with a status from 200 to 599`;
    return new HairspringError('HS_FUNCTION_NO_REPLY', message);
  }
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  if (bytes <= HTTP_LIMITS.responseBytes) return { status, headers: fields, body: payload };
  const limit = formatBytes(HTTP_LIMITS.responseBytes);
  const message = `Cannot answer the request to ${name}: a body of ${bytes} bytes is over the limit of ${limit}`;
  return new HairspringError('HS_REPLY_TOO_LARGE', message);
}
