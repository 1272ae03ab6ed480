import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { HairspringError, nodeHttp } from '../../core/index.ts';
import { listen } from '../listen.ts';
import { OpenResponses } from './client-errors.ts';
import { Exchanges, type ExchangesOptions } from './exchanges.ts';
import { GATEWAY_LIMITS } from './limits.ts';

export interface GatewayOptions extends ExchangesOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** To try in turn when that is in use. @default none */
  readonly otherPorts?: readonly number[];
  /** For a request's headers, and for all of it. @default those of GATEWAY_LIMITS */
  readonly arrivalMs?: { readonly headers: number; readonly request: number };
}

/** Disposing closes every connection. */
export interface Gateway extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  /** Takes no new request; resolves when those in hand are answered, and their clients have the responses. */
  drain(): Promise<void>;
}

/**
 * Serves the HTTP triggers of a node's functions.
 * @throws HS_PORT_TAKEN, HS_USAGE when there is no such address
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host, port, otherPorts = [] } = options;
  const { arrivalMs = { headers: GATEWAY_LIMITS.headersMs, request: GATEWAY_LIMITS.requestMs } } = options;
  const server = nodeHttp().createServer({
    headersTimeout: arrivalMs.headers,
    requestTimeout: arrivalMs.request,
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
  const serve = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    // It tells the client what goes wrong; when that does not go either, nothing but the connection is lost.
    exchanges.serve(request, response, expectsContinue).catch(() => request.socket.destroy());
  };
  server.on('request', (request, response) => serve(request, response, false));
  server.on('checkContinue', (request, response) => serve(request, response, true));
  server.on('clientError', (error: Error, socket) => open.refuse(socket as Socket, error));
  await listenAtOne(server, host, [port, ...otherPorts]);
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((done) => void server.close(() => done()));
    return closed;
  };
  return {
    url: `http://${shown}:${address.port}`,
    async drain() {
      exchanges.draining = true;
      // The server's own `close` takes a connection for idle whose response is handed over and not sent yet.
      NetServer.prototype.close.call(server);
      await open.none();
    },
    async [Symbol.asyncDispose]() {
      exchanges.draining = true;
      const done = close();
      server.closeAllConnections();
      await done;
    },
  };
}

/** At the first of the ports that is free. */
async function listenAtOne(
  server: Server,
  host: string,
  [port = 0, ...others]: readonly number[],
): Promise<void> {
  try {
    await listen(server, { host, port }, 'Cannot serve HTTP', '--http');
  } catch (error) {
    if (HairspringError.from(error).code !== 'HS_PORT_TAKEN' || others.length === 0) throw error;
    await listenAtOne(server, host, others);
  }
}
