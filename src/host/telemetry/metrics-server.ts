import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHttp } from '../../core/index.ts';
import { listen } from '../listen.ts';
import { PROMETHEUS_TYPE } from './prometheus-text.ts';

/** A scraper needs one. */
const MAX_CONNECTIONS = 16;
const TIMEOUT_MS = 10_000;

export interface MetricsAddress {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface MetricsServer extends AsyncDisposable {
  /** `http://host:port/metrics`. */
  readonly url: string;
}

/**
 * Serves `GET /metrics`, and nothing else, to whoever can reach the address.
 * @throws HS_PORT_TAKEN, HS_USAGE when there is no such address
 */
export async function startMetricsServer(
  { host, port }: MetricsAddress,
  render: () => string,
): Promise<MetricsServer> {
  const server = nodeHttp().createServer(
    { requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS },
    (request, response) => answer(request, response, render),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.unref();
  await listen(server, { host, port }, 'Cannot serve metrics', '--metrics');
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}/metrics`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function answer({ method, url }: IncomingMessage, response: ServerResponse, render: () => string): void {
  const [path] = (url ?? '').split('?', 1);
  if (path !== '/metrics') {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Metrics are at /metrics\n');
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': PROMETHEUS_TYPE }).end(render());
}
