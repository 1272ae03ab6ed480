import type { NatsConnection } from '@nats-io/nats-core';
import { nuid } from '@nats-io/nuid';
import {
  type Clock,
  type Logger,
  nodeSubjects,
  ReplySubjects,
  refusedReplyText,
  Seldom,
} from '../core/index.ts';
import { AGENT_TYPE, type EndpointContext } from './endpoint-context.ts';
import { isPublicError, toErrorReply } from './error-reply.ts';
import type { MicroEndpoint, MicroReply } from './micro-endpoint.ts';
import { startMicroService } from './micro-service.ts';
import { createEventPublisher } from './node-events.ts';
import { nodeTags } from './node-tags.ts';
import { nodeVerbs } from './node-verbs.ts';
import { ownVerbs } from './own-verbs.ts';
import { secretVerbs } from './secret-verbs.ts';
import type { NodeBackend } from './types.ts';
import { subjectNamespace } from './wire.ts';
import { workloadVerbs } from './workload-verbs.ts';

export interface ServeNodeOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where callers are answered. @default at inboxes */
  readonly replySubjects?: ReplySubjects;
}

const HEARTBEAT_MS = 10_000;
/** Longest text of an error in the node's log. */
const MAX_LOG_CHARS = 8 * 1024;

/**
 * Makes `backend` a node on the wire: all of Nex's node endpoints and ours, the heartbeat, and the
 * start and stop events. Resolves when the server has taken the subscriptions. Disposing drains the
 * endpoints: what was received is answered, then the node is silent. The connection stays open.
 * @throws HS_NATS_REFUSED when the user may not subscribe to the control subjects
 */
export async function serveNode(
  nc: NatsConnection,
  backend: NodeBackend,
  options: ServeNodeOptions,
): Promise<AsyncDisposable> {
  const { logger, clock, replySubjects = new ReplySubjects() } = options;
  const refusals = new Seldom(clock);
  const { nodeId, nodeName, nexus } = backend;
  const context: EndpointContext = { backend, clock, logger, events: createEventPublisher(nc) };

  function onError(error: unknown, endpoint: MicroEndpoint): MicroReply {
    const errorId = nuid.next();
    const text = (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(
      0,
      MAX_LOG_CHARS,
    );
    const fields = { endpoint: endpoint.name, errorId, error: text };
    if (isPublicError(error))
      logger.debug('Control request refused', { ...fields, error: error.message.slice(0, MAX_LOG_CHARS) });
    else logger.error('Control request failed', fields);
    return toErrorReply(error, errorId);
  }

  const service = await startMicroService(nc, {
    name: 'nexnode',
    version: backend.version,
    description: `Hairspring ${backend.version}`,
    queue: nodeId,
    endpoints: [
      ...nodeVerbs(context),
      ...workloadVerbs(context),
      ...ownVerbs(context),
      ...secretVerbs(context),
    ],
    clock,
    ownerOf: subjectNamespace,
    onError,
    replySubjects,
    onReplyRefused(reply) {
      const before = refusals.take();
      if (before !== undefined) logger.warn(refusedReplyText(reply, before));
    },
    onDiscoveryDenied: (subject) => logger.warn('Service discovery is not permitted', { subject }),
  });

  const beat = JSON.stringify({ registrations: `${backend.agentId} [${AGENT_TYPE}]` });
  const stopHeartbeat = clock.every(HEARTBEAT_MS, () => {
    if (!nc.isClosed() && !nc.isDraining()) nc.publish(nodeSubjects.heartbeat(nodeId), beat);
  });
  context.events.publish(nodeId, 'NODESTARTED', {
    id: nodeId,
    name: nodeName,
    nexus,
    tags: nodeTags(backend),
    type: 'io.synadia.nex.event.nexnode_started',
  });

  let disposed: Promise<void> | undefined;
  async function dispose(): Promise<void> {
    stopHeartbeat();
    context.events.publish(nodeId, 'NODESTOPPED', { id: nodeId });
    await service[Symbol.asyncDispose]();
  }
  return {
    [Symbol.asyncDispose]: () => {
      disposed ??= dispose();
      return disposed;
    },
  };
}
