import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  type Clock,
  type FunctionDefinition,
  HairspringError,
  type HttpAnswer,
  type HttpAsk,
  type HttpMethod,
  type Logger,
  type PendingAnswer,
} from '../../core/index.ts';
import type { OpenResponses } from './client-errors.ts';
import { requestFields, responseFields } from './header-fields.ts';
import { GATEWAY_LIMITS } from './limits.ts';
import { Load, type Share } from './load.ts';
import { type HostNames, namespaceOf } from './namespaces.ts';
import { toProblem } from './problem.ts';
import { checkBody, isWhole, readBody } from './request-body.ts';
import { readTarget } from './request-target.ts';
import type { RoutedFunction, RouteTable } from './route-table.ts';

export interface ExchangesOptions extends HostNames {
  readonly routes: RouteTable;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hands a request to a function. @throws coded, when no cell takes it */
  readonly ask: (definition: FunctionDefinition, ask: HttpAsk) => PendingAnswer;
}

/** What an exchange holds until its response is closed. */
interface Held {
  isClosed: boolean;
  share?: Share;
  abandon?: () => void;
  stopClock?: () => void;
}

const ignore = (): void => undefined;

/** Requests and their responses. */
export class Exchanges {
  draining = false;
  readonly #options: ExchangesOptions;
  readonly #open: OpenResponses;
  readonly #load = new Load();
  /** Connections that end with a response that is under way. */
  readonly #ending = new WeakSet<Socket>();

  constructor(options: ExchangesOptions, open: OpenResponses) {
    this.#options = options;
    this.#open = open;
  }

  /** @param expectsContinue whether the client sends the body when it is told to */
  async serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    // What was sent behind the last request of a connection is no request (RFC 9112, 9.6), though Node has read it as one.
    if (this.#ending.has(request.socket)) return;
    const held: Held = { isClosed: false };
    this.#open.add(request, response);
    response.once('close', () => {
      this.#open.closed(request, response);
      held.isClosed = true;
      held.stopClock?.();
      held.abandon?.();
      held.share?.[Symbol.dispose]();
    });
    // What goes wrong with the connection ends with `close`.
    request.on('error', ignore);
    response.on('error', ignore);
    let allowed: readonly HttpMethod[] = [];
    try {
      this.#mustBeOpen();
      const headers = requestFields(request.rawHeaders);
      const { hostname, url, segments } = readTarget(request);
      const { method = '' } = request;
      const namespace = this.#namespaceOf(hostname, request);
      const match = this.#options.routes.match(namespace, method, segments);
      if (match.kind === 'method') allowed = match.allowed;
      if (match.kind !== 'found') throw unrouted(match.kind, method);
      const { definition, route, isWaiting } = match.to;
      if (isWaiting) throw waiting(definition);
      checkBody(request, definition);
      held.share = this.#load.begin(namespace);
      if (expectsContinue) response.writeContinue();
      const body = await readBody(request, definition, held.share);
      if (held.isClosed) return;
      this.#mustBeOpen();
      held.share.mustFitResponse();
      const ask = { id: definition.id, route: route.pattern, method, url, headers, body };
      const answer = await this.#ask(match.to, ask, held);
      if (!held.isClosed) this.#answer(request, response, answer, held);
    } catch (error) {
      if (held.isClosed) return;
      const coded = HairspringError.from(error);
      if (coded.code === 'HS_INTERNAL')
        this.#options.logger.error('A request could not be served', { error: coded.message });
      const { status, fields, body } = toProblem(coded, allowed);
      this.#send(request, response, status, fields, body, held);
    }
  }

  /** @throws HS_DRAINING */
  #mustBeOpen(): void {
    if (this.draining)
      throw new HairspringError('HS_DRAINING', 'Cannot take the request: the node is stopping');
  }

  /** @throws HS_GATEWAY_HOST_UNKNOWN */
  #namespaceOf(hostname: string, { socket }: IncomingMessage): string {
    const namespace = namespaceOf(this.#options, hostname, socket.localAddress ?? '');
    if (namespace !== undefined) return namespace;
    const message = `Cannot take the request: no namespace is served under "${hostname.slice(0, 80)}"`;
    throw new HairspringError('HS_GATEWAY_HOST_UNKNOWN', message);
  }

  async #ask({ definition }: RoutedFunction, ask: HttpAsk, held: Held): Promise<HttpAnswer> {
    const { answer, abandon } = this.#options.ask(definition, ask);
    held.abandon = abandon;
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    answer.then(resolve, reject);
    // The cell keeps the function's own limit; this is for a cell that does nothing any more.
    held.stopClock = this.#options.clock.after(definition.limits.timeoutMs + GATEWAY_LIMITS.marginMs, () => {
      abandon();
      reject(new HairspringError('HS_FUNCTION_TIMEOUT', `${definition.name} did not answer in time`));
    });
    try {
      return await promise;
    } finally {
      held.stopClock();
    }
  }

  /** @throws HS_FUNCTION_NO_REPLY, HS_GATEWAY_RESPONSE_LOST */
  #answer(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer, held: Held): void {
    const fields = responseFields(answer.headers);
    const { body } = answer;
    try {
      held.share?.hold(Buffer.byteLength(body));
    } catch (cause) {
      const message = 'Cannot send the response: the gateway holds bodies to its limit';
      throw new HairspringError('HS_GATEWAY_RESPONSE_LOST', message, { cause });
    }
    this.#send(request, response, answer.status, fields, body, held);
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    fields: readonly string[],
    body: string | Uint8Array,
    held: Held,
  ): void {
    const { socket } = request;
    if (response.destroyed || response.headersSent || socket.destroyed || socket.writableEnded) return;
    const isBodiless = status === 204 || status === 304;
    // What has not arrived of a request must not be taken for the next one.
    const isLast = this.draining || !isWhole(request);
    if (isLast) this.#ending.add(socket);
    const own = isBodiless ? [...fields] : [...fields, 'Content-Length', String(Buffer.byteLength(body))];
    if (isLast) own.push('Connection', 'close');
    response.writeHead(status, own);
    if (isBodiless || request.method === 'HEAD') response.end();
    else response.end(typeof body === 'string' && fields.some(isBeyondAscii) ? Buffer.from(body) : body);
    const startClock = (): void => {
      held.stopClock = this.#options.clock.after(GATEWAY_LIMITS.responseMs, () => socket.destroy());
    };
    // One that follows another on its connection is not sent before that is.
    if (response.socket === null) response.once('socket', startClock);
    else if (socket.writableLength > 0) startClock();
  }
}

/** Node joins text with the head of a response and encodes both in the same way, which for a field is Latin-1. */
function isBeyondAscii(field: string): boolean {
  return /[^\x20-\x7e\t]/.test(field);
}

function waiting({ name }: FunctionDefinition): HairspringError {
  return new HairspringError('HS_FUNCTION_WAITING', `Cannot take the request: ${name} is not served yet`);
}

function unrouted(kind: 'method' | 'none', method: string): HairspringError {
  return kind === 'none'
    ? new HairspringError(
        'HS_GATEWAY_NO_ROUTE',
        'Cannot take the request: no function has a route for its path',
      )
    : new HairspringError(
        'HS_GATEWAY_METHOD',
        `Cannot take the request: no route for its path answers ${method}`,
      );
}
