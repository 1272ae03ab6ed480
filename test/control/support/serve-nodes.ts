import type { NatsConnection } from '@nats-io/nats-core';
import { type NodeBackend, serveNode } from '../../../src/control/index.ts';
import { silentLogger, systemClock } from '../../../src/core/index.ts';
import { connectTo, startTestNats } from '../../support/nats.ts';

export interface ServedNodes extends AsyncDisposable {
  readonly nc: NatsConnection;
}

/** The control plane of each of `nodes`, on one connection to a nats-server of their own. */
export async function serveNodes(nodes: readonly NodeBackend[]): Promise<ServedNodes> {
  await using started = new AsyncDisposableStack();
  const nc = await connectTo(started.use(await startTestNats()));
  started.defer(() => nc.close());
  for (const node of nodes)
    started.use(await serveNode(nc, node, { logger: silentLogger, clock: systemClock }));
  const held = started.move();
  return { nc, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
