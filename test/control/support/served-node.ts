/** A node in memory that is served over a real NATS, for all tests of a file. */
import type { NatsConnection } from '@nats-io/nats-core';
import { serveNode } from '../../../src/control/index.ts';
import { createLogger, type LogRecord } from '../../../src/core/index.ts';
import { connectTo, startTestNats } from '../../support/nats.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryNode, type MemoryNode } from './memory-node.ts';
import { request } from './raw.ts';

export const CONTROL = '$NEX.SVC.default.control';
export const SYSTEM = '$NEX.SVC.system.control';

export interface ServedNode extends AsyncDisposable {
  readonly nc: NatsConnection;
  readonly node: MemoryNode;
  readonly clock: ManualClock;
  /** What the endpoints have logged since the last reset. */
  readonly records: readonly LogRecord[];
  /** As it was in the beginning; for `beforeEach`. */
  reset(): void;
  /** The id of a bid for a function. */
  bid(): Promise<string>;
}

export async function startServedNode(): Promise<ServedNode> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startTestNats());
  const nc = await connectTo(server);
  stack.defer(() => nc.close());
  const clock = createManualClock();
  const node = createMemoryNode();
  const records: LogRecord[] = [];
  const logger = createLogger((record) => records.push(record), 'debug');
  stack.use(await serveNode(nc, node, { logger, clock }));
  const owned = stack.move();
  return {
    nc,
    node,
    clock,
    records,
    reset() {
      node.nodeState = 'running';
      node.deployError = undefined;
      node.held.clear();
      records.length = 0;
    },
    async bid() {
      const wanted = { agent_type: 'javascript', auction_id: 'a', tags: null };
      const reply = await request(nc, `${CONTROL}.AUCTION`, wanted);
      return reply.json<{ bidder_id: string }>().bidder_id;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
