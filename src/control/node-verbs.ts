/** Nex's verbs about a node. Nodes answer them under the namespace `system` only. */
import { HairspringError, type NodeState, nodeSubjects } from '../core/index.ts';
import { AGENT_NAME, AGENT_TYPE, type EndpointContext, SUPPORTED_LIFECYCLES } from './endpoint-context.ts';
import { formatGoDuration, parseGoDuration } from './go-duration.ts';
import { json, type MicroEndpoint } from './micro-endpoint.ts';
import { nodeTags, tagsMatch } from './node-tags.ts';
import type { AgentSummary, LameDuckResponse, NodeInfoResponse, NodePingResponse } from './types.ts';
import { lameDuckRequest, nodePingRequest, parseBody } from './wire.ts';

const AGENT_HEALTH: Readonly<Record<NodeState, readonly [health: string, stoplight: string]>> = {
  starting: ['degraded', '🟡'],
  running: ['healthy', '🟢'],
  lameduck: ['shutting down', '🟠'],
  stopping: ['shutting down', '🟠'],
  error: ['degraded', '🟡'],
};

export function nodeVerbs(context: EndpointContext): readonly MicroEndpoint[] {
  const { backend } = context;
  const ping: MicroEndpoint['handle'] = async (msg) => {
    const { filter } = parseBody(nodePingRequest, msg, 'ping request');
    return tagsMatch(nodeTags(backend), filter) ? json(pingResponse(context)) : undefined;
  };
  return [
    {
      name: 'PingPlacementTags',
      subject: nodeSubjects.tags(),
      handle: async () => json(nodeTags(backend)),
    },
    { name: 'PingNexus', subject: nodeSubjects.ping(), handle: ping },
    { name: 'PingNode', subject: nodeSubjects.pingNode(backend.nodeId), handle: ping },
    {
      name: 'GetNodeInfo',
      subject: nodeSubjects.info(backend.nodeId),
      handle: async () => json(infoResponse(context)),
    },
    {
      name: 'SetLameduck',
      subject: nodeSubjects.lameDuck(backend.nodeId),
      async handle(msg) {
        const { delay, tag } = parseBody(lameDuckRequest, msg, 'lame duck request');
        if (!tagsMatch(nodeTags(backend), tag)) return undefined;
        return json(await lameDuck(context, parseGoDuration(delay)));
      },
    },
    {
      name: 'GetAgentIdByName',
      subject: nodeSubjects.agentId(backend.nodeId),
      async handle(msg) {
        const name = msg.string();
        if (name === '') throw new HairspringError('HS_REQUEST_INVALID', 'Agent name is required');
        return name === AGENT_NAME ? { data: backend.agentId } : undefined;
      },
    },
  ];
}

async function lameDuck(context: EndpointContext, delayMs: number): Promise<LameDuckResponse> {
  const { backend, clock, events } = context;
  await backend.lameDuck(delayMs);
  const at = new Date(clock.now() + delayMs).toISOString();
  events.publish(backend.nodeId, 'NODELAMEDUCKSET', { id: backend.nodeId, time: at });
  return { success: true, message: `node entering lameduck mode, will shutdown at ${at}` };
}

function pingResponse({ backend }: EndpointContext): NodePingResponse {
  return {
    node_id: backend.nodeId,
    agent_count: 1,
    start_time: backend.startedAt.toISOString(),
    state: backend.state(),
    tags: nodeTags(backend),
    version: backend.version,
    xkey: backend.xkey,
  };
}

function infoResponse({ backend, clock }: EndpointContext): NodeInfoResponse {
  const state = backend.state();
  const [health, stoplight] = AGENT_HEALTH[state];
  const summary: AgentSummary = {
    name: AGENT_NAME,
    type: AGENT_TYPE,
    version: backend.version,
    state,
    start_time: backend.startedAt.toISOString(),
    supported_lifecycles: SUPPORTED_LIFECYCLES.join(','),
    workload_count: backend.workloadCount(),
  };
  return {
    node_id: backend.nodeId,
    uptime: formatGoDuration(clock.now() - backend.startedAt.getTime()),
    version: backend.version,
    xkey: backend.xkey,
    tags: nodeTags(backend),
    node_agent_summaries: [
      {
        agent_id: backend.agentId,
        agent_health: health,
        agent_health_stoplight: stoplight,
        agent_last_heartbeat_time: new Date(clock.now()).toISOString(),
        agent_summary: summary,
      },
    ],
  };
}
