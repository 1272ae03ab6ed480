/** A node in a process of its own beside which hazards are run, and what calls into it. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { NatsConnection } from '@nats-io/transport-node';
import { type ControlClient, createControlClient } from '../../../src/control/index.ts';
import { type HostProcess, startHostProcess } from '../../support/host-process.ts';
import { connectTo, startTestNats, type TestNats } from '../../support/nats.ts';
import { type NeighbourCallers, startNeighbourCallers } from './neighbour.ts';

export interface HazardHost extends AsyncDisposable {
  readonly nats: TestNats;
  readonly host: HostProcess;
  readonly nc: NatsConnection;
  readonly neighbours: NeighbourCallers;
  /** Memory at which the watchdog ends a cell. */
  readonly rssLimitBytes: number;
  /** How long a function may hold the thread of its neighbours. */
  readonly inlineCpuMs: number;
  /** Of a server that answers what hazards ask of it. */
  readonly httpUrl: string;
  client(namespace: string): ControlClient;
}

/** So many hazards can be called by HTTP, each by the name of its namespace. */
const MOST_NAMESPACES = 1_000;

/** Starts nats-server, the node and the callers of neighbours; disposing stops all. */
export async function startHazardHost(rssLimitBytes: number, inlineCpuMs: number): Promise<HazardHost> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startTestNats());
  const host = stack.use(
    await startHostProcess(nats.url, {
      spareCells: 1,
      cellRssLimitBytes: rssLimitBytes,
      inlineCpuMs,
      httpNames: Object.fromEntries(
        Array.from({ length: MOST_NAMESPACES }, (_, index) => [`hazard-${index}`, `hazard-${index}`]),
      ),
    }),
  );
  const nc = await connectTo(nats);
  stack.defer(() => nc.close());
  const neighbours = stack.use(await startNeighbourCallers(nats.url));
  const httpUrl = await serveHttp(stack);
  const owned = stack.move();
  return {
    nats,
    host,
    nc,
    neighbours,
    rssLimitBytes,
    inlineCpuMs,
    httpUrl,
    client: (namespace) => createControlClient(nc, { namespace }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function serveHttp(stack: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.end('here');
  }).listen(0, '127.0.0.1');
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
