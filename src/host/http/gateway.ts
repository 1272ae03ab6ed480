import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  type Clock,
  type FunctionDefinition,
  HairspringError,
  type HttpAnswer,
  type HttpAsk,
  type HttpMethod,
  type Logger,
  nodeHttp,
} from '../../core/index.ts';
import { OpenResponses } from './client-errors.ts';
import { requestFields, responseFields } from './header-fields.ts';
import { GATEWAY_LIMITS } from './limits.ts';
import { Load } from './load.ts';
import { type HostNames, namespaceOf } from './namespaces.ts';
import { toProblem } from './problem.ts';
import { checkBody, readBody } from './request-body.ts';
import { readTarget } from './request-target.ts';
import type { RoutedFunction, RouteTable } from './route-table.ts';

export interface GatewayOptions extends HostNames {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
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

/** Disposing closes every connection. */
export interface Gateway extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  /** Takes no new request; those in hand are answered. */
  drain(): void;
}

/**
 * Serves the HTTP triggers of a node's functions.
 * @throws HS_PORT_TAKEN, HS_USAGE when there is no such address
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host, port } = options;
  const server = nodeHttp().createServer({
    headersTimeout: GATEWAY_LIMITS.headersMs,
    requestTimeout: GATEWAY_LIMITS.requestMs,
    keepAliveTimeout: GATEWAY_LIMITS.keepAliveMs,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: GATEWAY_LIMITS.headerBytes,
    insecureHTTPParser: false,
    // The answer to a request without one is ours to give.
    requireHostHeader: false,
  });
  server.maxConnections = GATEWAY_LIMITS.connections;
  // Node drops those beyond its own limit; ours refuses the request.
  server.maxHeadersCount = 0;
  const open = new OpenResponses();
  const exchanges = new Exchanges(options, open);
  server.on('request', (request, response) => void exchanges.serve(request, response, false));
  server.on('checkContinue', (request, response) => void exchanges.serve(request, response, true));
  server.on('clientError', (error: Error, socket) => open.refuse(socket as Socket, error));
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await listening;
  } catch (cause) {
    throw cannotListen(host, port, cause);
  }
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((done) => void server.close(() => done()));
    return closed;
  };
  return {
    url: `http://${shown}:${address.port}`,
    drain() {
      exchanges.draining = true;
      void close();
    },
    async [Symbol.asyncDispose]() {
      exchanges.draining = true;
      const done = close();
      server.closeAllConnections();
      await done;
    },
  };
}

/** Requests and their responses. */
class Exchanges {
  draining = false;
  readonly #options: GatewayOptions;
  readonly #open: OpenResponses;
  readonly #load = new Load();

  constructor(options: GatewayOptions, open: OpenResponses) {
    this.#options = options;
    this.#open = open;
  }

  /** @param expectsContinue whether the client sends the body when it is told to */
  async serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
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
      const namespace = namespaceOf(this.#options, hostname, request.socket.localAddress ?? '');
      if (namespace === undefined) {
        const message = `Cannot take the request: no namespace is served under "${hostname.slice(0, 80)}"`;
        throw new HairspringError('HS_GATEWAY_HOST_UNKNOWN', message);
      }
      const match = this.#options.routes.match(namespace, method, segments);
      if (match.kind === 'method') allowed = match.allowed;
      if (match.kind !== 'found') throw unrouted(match.kind, method);
      const { definition, route } = match.to;
      checkBody(request, definition);
      this.#load.begin(namespace);
      cleanup.defer(() => this.#load.end(namespace));
      const hold = (bytes: number): void => cleanup.defer(() => this.#load.release(bytes));
      if (expectsContinue) response.writeContinue();
      const body = await readBody(request, definition, this.#load, hold);
      const ask = { id: definition.id, route: route.pattern, method, url, headers: fields, body };
      const answer = await this.#ask(match.to, ask, ended, cleanup);
      const own = responseFields(answer.headers);
      const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
      this.#load.hold(bytes.length);
      hold(bytes.length);
      this.#send(request, response, answer.status, own, bytes);
    } catch (error) {
      const coded = HairspringError.from(error);
      if (coded.code === 'HS_INTERNAL')
        this.#options.logger.error('A request could not be served', { error: coded.message });
      const { status, fields, body } = toProblem(coded, allowed);
      this.#send(request, response, status, fields, Buffer.from(body));
    }
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
    response.writeHead(status, [
      ...fields,
      ...(isBodiless ? [] : ['Content-Length', String(body.length)]),
      // What has not arrived of a request must not be taken for the next one.
      ...(this.draining || !request.complete ? ['Connection', 'close'] : []),
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

function cannotListen(host: string, port: number, cause: unknown): HairspringError {
  const action = `Cannot serve HTTP at ${host}:${port}`;
  const hint = 'Name another address with --http, such as 127.0.0.1:0 for any free port';
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE')
    return new HairspringError('HS_PORT_TAKEN', `${action}: the port is in use`, { cause, hint });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HairspringError('HS_USAGE', `${action}: ${reason}`, { cause, hint });
}
