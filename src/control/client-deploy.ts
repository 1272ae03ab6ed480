import { nuid } from '@nats-io/nuid';
import { HairspringError, HOST_LIMITS, workloadSubjects } from '../core/index.ts';
import { nodes } from './client-nodes.ts';
import { ask, assertToken, type ClientContext, gather } from './client-request.ts';
import { fromErrorReply } from './error-reply.ts';
import { NODE_ID_TAG, tagsMatch } from './node-tags.ts';
import { auctionResponse, parseReply, startWorkloadResponse } from './replies.ts';
import type { AuctionResponse, StartWorkloadRequest, StartWorkloadResponse } from './types.ts';

/** Where to deploy; without any, any node that bids. */
export interface DeployPlacement {
  /** Tags that the node must have. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly nodeId?: string;
}

export type DeployRequest = Omit<StartWorkloadRequest, 'namespace'>;

const AUCTION_TIMEOUT_MS = 2_000;
const AUCTION_STALL_MS = 50;

/**
 * Holds an auction and deploys to one of the nodes that bid.
 * @throws HS_NO_NODE when nobody listens or nobody bids, and what the node says of the request
 */
export async function deploy(
  context: ClientContext,
  request: DeployRequest,
  placement: DeployPlacement,
): Promise<StartWorkloadResponse> {
  if (placement.nodeId !== undefined) assertToken(placement.nodeId, 'node id');
  const tags = {
    ...placement.tags,
    ...(placement.nodeId === undefined ? {} : { [NODE_ID_TAG]: placement.nodeId }),
  };
  const action = `Cannot deploy "${request.name}"`;
  const bids = await auction(context, request, tags, action, placement.nodeId !== undefined);
  const bid = bids[Math.floor(Math.random() * bids.length)];
  if (bid === undefined) throw await nobodyBid(context, request, placement, tags, action);
  const body: StartWorkloadRequest = { ...request, namespace: context.namespace };
  const subject = workloadSubjects.deploy(context.namespace, bid.bidder_id);
  const answer = await ask(context, subject, body, {
    action,
    timeoutMs: context.slowTimeoutMs(HOST_LIMITS.deployMs),
  });
  return parseReply(startWorkloadResponse, answer, 'deploy reply');
}

async function auction(
  context: ClientContext,
  request: DeployRequest,
  tags: Readonly<Record<string, string>>,
  action: string,
  firstOnly: boolean,
): Promise<AuctionResponse[]> {
  const bids: AuctionResponse[] = [];
  let failure: HairspringError | undefined;
  const subject = workloadSubjects.auction(context.namespace);
  const body = { agent_type: request.workload_type, auction_id: nuid.next(), tags };
  const options = { action, timeoutMs: AUCTION_TIMEOUT_MS, stallMs: AUCTION_STALL_MS };
  for await (const answer of gather(context, subject, body, options)) {
    const refused = fromErrorReply(answer);
    failure ??= refused;
    if (refused !== undefined) continue;
    const bid = parseReply(auctionResponse, answer, 'bid');
    if (bid.supported_lifecycles.includes(request.workload_lifecycle)) bids.push(bid);
    // One node alone can bid, so there is nothing to wait for.
    if (firstOnly && bids.length > 0) break;
  }
  if (bids.length === 0 && failure !== undefined) throw failure;
  return bids;
}

/** Says why nobody bid, as far as the caller may ask the nodes. */
async function nobodyBid(
  context: ClientContext,
  request: DeployRequest,
  { nodeId }: DeployPlacement,
  tags: Readonly<Record<string, string>>,
  action: string,
): Promise<HairspringError> {
  const wanted = `type "${request.workload_type}" and lifecycle "${request.workload_lifecycle}"`;
  const found = await nodes(context).catch(() => []);
  if (nodeId !== undefined && found.every(({ node_id }) => node_id !== nodeId)) {
    const named = found.find((node) => node.tags['nex.node'] === nodeId);
    return new HairspringError('HS_NO_NODE', `${action}: no node that answers has the id "${nodeId}"`, {
      hint:
        named === undefined
          ? '`hairspring nodes` lists those that answer'
          : `That is the name of a node; its id is ${named.node_id}`,
    });
  }
  const reasons = found.map((node) => {
    if (node.state !== 'running') return `${node.node_id} is in state ${node.state}`;
    if (!tagsMatch(node.tags, tags)) return `${node.node_id} lacks the tags ${JSON.stringify(tags)}`;
    return `${node.node_id} does not run ${wanted}`;
  });
  const why = reasons.length === 0 ? `no node bid for ${wanted}` : `nobody bid: ${reasons.join('; ')}`;
  return new HairspringError('HS_NO_NODE', `${action}: ${why}`, {
    hint: 'Check type, lifecycle and placement tags against `hairspring info`',
  });
}
