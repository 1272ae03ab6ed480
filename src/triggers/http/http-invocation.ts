import {
  answersMethod,
  compareRoutes,
  type FunctionSpec,
  formatBytes,
  HairspringError,
  type HeaderPairs,
  HTTP_LIMITS,
  type HttpAnswer,
  type HttpAsk,
  type Invocation,
  isHttpTrigger,
  type Outcome,
  requestLine,
  routeMatches,
  routeSegments,
  STATUS_HEADER,
  type Trigger,
} from '../../core/index.ts';

/** One HTTP request on its way through a function. */
export class HttpInvocation implements Invocation {
  triggerIndex: number;
  readonly subject: string;
  readonly reply = '';
  readonly requestId: number;
  readonly headers: HeaderPairs;
  readonly data: Uint8Array;
  readonly #name: string;
  readonly #settle: (answer: HttpAnswer | HairspringError) => void;

  /**
   * @param requestId its number in this cell
   * @param settle called once, with the response or the coded error that the function's invocation ends with
   * @throws HS_GATEWAY_NO_ROUTE when the version that is here has no such route: the gateway may know another one
   */
  constructor(
    requestId: number,
    ask: HttpAsk,
    { name, triggers }: FunctionSpec,
    settle: (answer: HttpAnswer | HairspringError) => void,
  ) {
    this.triggerIndex = findRoute(triggers, ask);
    if (this.triggerIndex === -1)
      throw new HairspringError(
        'HS_GATEWAY_NO_ROUTE',
        `Cannot take the request: the version of ${name} that is here has no route for it`,
      );
    this.requestId = requestId;
    this.subject = requestLine(ask);
    this.headers = ask.headers;
    this.data = ask.body;
    this.#settle = settle;
    this.#name = name;
  }

  succeed(outcome: Outcome): void {
    this.#settle(toAnswer(this.#name, outcome));
  }

  fail(error: HairspringError): void {
    this.#settle(error);
  }
}

/** The one that the gateway has chosen; from the routes of the version before perhaps, and then the one that fits best. */
function findRoute(triggers: readonly Trigger[], { route, method, url }: HttpAsk): number {
  const same = triggers.findIndex(
    (one) => isHttpTrigger(one) && one.pattern === route && answersMethod(one, method),
  );
  if (same !== -1) return same;
  const segments = routeSegments(new URL(url).pathname);
  const [chosen] = triggers
    .filter(isHttpTrigger)
    .filter((one) => answersMethod(one, method) && routeMatches(one, segments))
    .sort(compareRoutes);
  return chosen === undefined ? -1 : triggers.indexOf(chosen);
}

/** The response that a reply stands for, or why there is none. */
function toAnswer(name: string, { payload = '', headers }: Outcome): HttpAnswer | HairspringError {
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
