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
} from '../../core/index.ts';
import type { OpenResponses } from './client-errors.ts';
import { requestFields, responseFields } from './header-fields.ts';
import { GATEWAY_LIMITS } from './limits.ts';
import { Load } from './load.ts';
import { type HostNames, namespaceOf } from './namespaces.ts';
import { toProblem } from './problem.ts';
import { checkBody, isWhole, readBody } from './request-body.ts';
import { readTarget } from './request-target.ts';
import type { RoutedFunction, RouteTable } from './route-table.ts';

export interface ExchangesOptions extends HostNames {
  readonly routes: RouteTable;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hands a request to a function, and takes it back when `signal` is aborted. */
  readonly ask: (
    definition: FunctionDefinition,
    ask: Omit<HttpAsk, 'fetchId'>,
    signal: AbortSignal,
  ) => Promise<HttpAnswer>;
}

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
    this.#open.add(request, response);
    const ended = new AbortController();
    const cleanup = new DisposableStack();
    response.once('close', () => {
      ended.abort();
      cleanup.dispose();
    });
    // What goes wrong with the connection ends with `close`.
    for (const stream of [request, response]) stream.on('error', () => undefined);
    let allowed: readonly HttpMethod[] = [];
    try {
      if (this.draining)
        throw new HairspringError('HS_DRAINING', 'Cannot take the request: the node is stopping');
      const fields = requestFields(request.rawHeaders);
      const { hostname, url, segments } = readTarget(request);
      const { method = '' } = request;
      const namespace = this.#namespaceOf(hostname, request);
      const match = this.#options.routes.match(namespace, method, segments);
      if (match.kind === 'method') allowed = match.allowed;
      if (match.kind !== 'found') throw unrouted(match.kind, method);
      const { definition, route } = match.to;
      checkBody(request, definition);
      const share = cleanup.use(this.#load.begin(namespace));
      if (expectsContinue) response.writeContinue();
      const body = await readBody(request, definition, share);
      if (ended.signal.aborted) return;
      const ask = { id: definition.id, route: route.pattern, method, url, headers: fields, body };
      const answer = await this.#ask(match.to, ask, ended, cleanup);
      const own = responseFields(answer.headers);
      const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
      share.hold(bytes.length);
      this.#send(request, response, answer.status, own, bytes);
    } catch (error) {
      const coded = HairspringError.from(error);
      if (coded.code === 'HS_INTERNAL')
        this.#options.logger.error('A request could not be served', { error: coded.message });
      const { status, fields, body } = toProblem(coded, allowed);
      this.#send(request, response, status, fields, Buffer.from(body));
    }
  }

  /** @throws HS_GATEWAY_HOST_UNKNOWN */
  #namespaceOf(hostname: string, { socket }: IncomingMessage): string {
    const namespace = namespaceOf(this.#options, hostname, socket.localAddress ?? '');
    if (namespace !== undefined) return namespace;
    const message = `Cannot take the request: no namespace is served under "${hostname.slice(0, 80)}"`;
    throw new HairspringError('HS_GATEWAY_HOST_UNKNOWN', message);
  }

  async #ask(
    { definition }: RoutedFunction,
    ask: Omit<HttpAsk, 'fetchId'>,
    ended: AbortController,
    cleanup: DisposableStack,
  ): Promise<HttpAnswer> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    // The cell keeps the function's own limit; this is for a cell that does nothing any more.
    const stop = this.#options.clock.after(definition.limits.timeoutMs + GATEWAY_LIMITS.marginMs, () => {
      ended.abort();
      reject(new HairspringError('HS_FUNCTION_TIMEOUT', `${definition.name} did not answer in time`));
    });
    cleanup.defer(stop);
    return await Promise.race([this.#options.ask(definition, ask, ended.signal), late]);
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    fields: readonly string[],
    body: Uint8Array,
  ): void {
    const { socket } = request;
    if (response.destroyed || response.headersSent || socket.destroyed || socket.writableEnded) return;
    const isBodiless = status === 204 || status === 304;
    // What has not arrived of a request must not be taken for the next one.
    const isLast = this.draining || !isWhole(request);
    if (isLast) this.#ending.add(socket);
    response.writeHead(status, [
      ...fields,
      ...(isBodiless ? [] : ['Content-Length', String(body.length)]),
      ...(isLast ? ['Connection', 'close'] : []),
    ]);
    response.end(isBodiless || request.method === 'HEAD' ? undefined : body);
    const stop = this.#options.clock.after(GATEWAY_LIMITS.responseMs, () => socket.destroy());
    response.once('close', stop);
  }
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
