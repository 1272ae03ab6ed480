import { HairspringError, nodeSubjects } from '../core/index.ts';
import { ask, assertToken, type ClientContext, gather, STALL_MS } from './client-request.ts';
import { fromErrorReply } from './error-reply.ts';
import { formatGoDuration } from './go-duration.ts';
import { lameDuckResponse, nodeInfoResponse, nodePingResponse, parseReply } from './replies.ts';
import type { LameDuckResponse, NodeInfoResponse, NodePingResponse } from './types.ts';

/** All nodes that answer, by id; none is an empty list. */
export async function nodes(context: ClientContext): Promise<NodePingResponse[]> {
  const found: NodePingResponse[] = [];
  const options = { action: 'Cannot list nodes', timeoutMs: context.timeoutMs, stallMs: STALL_MS };
  try {
    for await (const answer of gather(context, nodeSubjects.ping(), { filter: null }, options)) {
      if (fromErrorReply(answer) === undefined) {
        found.push(parseReply(nodePingResponse, answer, 'ping of a node'));
      }
    }
  } catch (error) {
    if (!(HairspringError.is(error) && error.code === 'HS_NO_NODE')) throw error;
  }
  return found.sort((a, b) => (a.node_id < b.node_id ? -1 : 1));
}

export async function nodeInfo(context: ClientContext, nodeId: string): Promise<NodeInfoResponse> {
  assertToken(nodeId, 'node id');
  const action = `Cannot get the state of node "${nodeId}"`;
  const answer = await ask(context, nodeSubjects.info(nodeId), {}, { action });
  return parseReply(nodeInfoResponse, answer, 'state of a node');
}

export async function lameDuck(
  context: ClientContext,
  nodeId: string,
  delayMs: number,
): Promise<LameDuckResponse> {
  assertToken(nodeId, 'node id');
  const action = `Cannot set node "${nodeId}" to lame duck`;
  const body = { delay: formatGoDuration(delayMs) };
  const answer = await ask(context, nodeSubjects.lameDuck(nodeId), body, { action });
  return parseReply(lameDuckResponse, answer, 'lame duck reply');
}
