/** Schemas of every reply and feed message that the client reads. */
import type { Msg } from '@nats-io/nats-core';
import { z } from 'zod';
import { COLD_REASONS, HairspringError, type NodeState } from '../core/index.ts';
import type {
  AgentSummary,
  AuctionResponse,
  CancelResponse,
  FunctionInfo,
  InvocationEvent,
  LameDuckResponse,
  LiveFunction,
  NamespaceResponse,
  NodeInfoResponse,
  NodePingResponse,
  StartWorkloadResponse,
  StopWorkloadResponse,
  WorkloadSummary,
} from './types.ts';

const NODE_STATES = [
  'starting',
  'running',
  'lameduck',
  'stopping',
  'error',
] as const satisfies readonly NodeState[];
const WORKLOAD_STATES = [
  'starting',
  'running',
  'warm',
  'stopping',
  'stopped',
  'error',
] as const satisfies readonly WorkloadSummary['workload_state'][];

const stringMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

export const nodePingResponse: z.ZodType<NodePingResponse> = z.object({
  node_id: z.string(),
  agent_count: z.number(),
  start_time: z.string(),
  state: z.enum(NODE_STATES),
  tags: stringMap,
  version: z.string(),
  xkey: z.string(),
});

const agentSummary: z.ZodType<AgentSummary> = z.object({
  name: z.string(),
  type: z.string(),
  version: z.string(),
  state: z.enum(NODE_STATES),
  start_time: z.string(),
  supported_lifecycles: z.string(),
  workload_count: z.number(),
});

export const nodeInfoResponse: z.ZodType<NodeInfoResponse> = z.object({
  node_id: z.string(),
  uptime: z.string(),
  version: z.string(),
  xkey: z.string(),
  tags: stringMap,
  node_agent_summaries: z
    .array(
      z.object({
        agent_id: z.string(),
        agent_health: z.string(),
        agent_health_stoplight: z.string(),
        agent_last_heartbeat_time: z.string(),
        agent_summary: agentSummary,
      }),
    )
    .nullish()
    .transform((value) => value ?? []),
});

export const cancelResponse: z.ZodType<CancelResponse> = z.object({
  node_id: z.string(),
  cancelled: z.number().int().nonnegative(),
});

export const namespaceResponse: z.ZodType<NamespaceResponse> = z.object({
  node_id: z.string(),
  namespace: z.string(),
  creds: z.string().nullable(),
});

export const lameDuckResponse: z.ZodType<LameDuckResponse> = z.object({
  success: z.boolean(),
  message: z.string(),
});

export const auctionResponse: z.ZodType<AuctionResponse> = z.object({
  bidder_id: z.string(),
  start_request_schema: z.string(),
  supported_lifecycles: z
    .array(z.string())
    .nullable()
    .transform((value) => value ?? []),
  xkey: z.string(),
});

export const startWorkloadResponse: z.ZodType<StartWorkloadResponse> = z.object({
  id: z.string(),
  name: z.string(),
});

export const stopWorkloadResponse: z.ZodType<StopWorkloadResponse> = z.object({
  id: z.string(),
  workload_type: z.string(),
  stopped: z.boolean(),
  message: z.string(),
});

export const workloadSummaries: z.ZodType<readonly WorkloadSummary[]> = z
  .array(
    z.object({
      id: z.string(),
      name: z.string(),
      namespace: z.string().default(''),
      workload_type: z.string(),
      workload_lifecycle: z.string(),
      workload_state: z.enum(WORKLOAD_STATES),
      start_time: z.string(),
      runtime: z.string(),
      tags: stringMap,
      metadata: stringMap,
    }),
  )
  .nullable()
  .transform((value) => value ?? []);

/** Nodes write it from typed values; the check is that it is such a reply and not another. */
export const functionInfo: z.ZodType<FunctionInfo> = z.custom<FunctionInfo>(
  (value) =>
    z
      .object({
        nodeId: z.string(),
        definition: z.looseObject({ format: z.literal(1), id: z.string(), name: z.string() }),
        stats: z.looseObject({ state: z.enum(['idle', 'warm']), invocations: z.number() }),
        suspended: z.string().exactOptional(),
        quarantined: z.string().exactOptional(),
        waiting: z.string().exactOptional(),
        waitingCode: z.string().exactOptional(),
        waitingRemedy: z.string().exactOptional(),
      })
      .safeParse(value).success,
);

/** As {@link functionInfo}; a node of another version may have host services that are not known here. */
export const liveFunction: z.ZodType<LiveFunction> = z.custom<LiveFunction>(
  (value) =>
    z
      .object({
        node_id: z.string(),
        version: z.string(),
        bindings: z.record(z.string(), z.looseObject({ service: z.string() })),
      })
      .safeParse(value).success,
);

export const invocationEvent: z.ZodType<InvocationEvent> = z.object({
  functionId: z.string(),
  name: z.string(),
  namespace: z.string(),
  version: z.string(),
  subject: z.string(),
  status: z.string(),
  coldMs: z.number().exactOptional(),
  coldReason: z.enum(COLD_REASONS).exactOptional(),
  durationMs: z.number(),
  replyBytes: z.number(),
  dropped: z.number().exactOptional(),
});

/**
 * Parses the reply `msg`.
 * @throws HS_REQUEST_INVALID when it is not what `what` names
 */
export function parseReply<Reply>(schema: z.ZodType<Reply>, msg: Msg, what: string): Reply {
  let value: unknown;
  try {
    value = msg.json();
  } catch {
    value = undefined;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const at = result.error.issues[0]?.path.map(String).join('.') ?? '';
  throw new HairspringError(
    'HS_REQUEST_INVALID',
    `Cannot read the ${what} on "${msg.subject}"${at === '' ? '' : `: "${at}" is not as documented`}`,
    { hint: 'Node and client may be of different versions', cause: result.error },
  );
}
