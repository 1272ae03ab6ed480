import { HairspringError, hairspringSubjects } from '../core/index.ts';
import { assertToken, type ClientContext, gather, STALL_MS } from './client-request.ts';
import { fromErrorReply } from './error-reply.ts';
import { cancelResponse, parseReply } from './replies.ts';

export interface CancelResult {
  /** Invocations that were ended, on all nodes together. */
  readonly cancelled: number;
  /** Nodes that serve the function. */
  readonly nodes: readonly string[];
}

/**
 * Ends what a function does on every node: all of it, or the invocation whose `ctx.invocationId` is given.
 * @throws HS_FUNCTION_NOT_FOUND when no node serves it, HS_NO_NODE
 */
export async function cancel(
  context: ClientContext,
  nameOrId: string,
  invocationId: string | undefined,
): Promise<CancelResult> {
  assertToken(nameOrId, 'function name or id');
  const action = `Cannot cancel "${nameOrId}"`;
  const options = { action, timeoutMs: context.timeoutMs, stallMs: STALL_MS };
  const subject = hairspringSubjects.cancel(context.namespace, nameOrId);
  const body = invocationId === undefined ? {} : { invocation_id: invocationId };
  const nodes: string[] = [];
  let cancelled = 0;
  let failure: HairspringError | undefined;
  for await (const answer of gather(context, subject, body, options)) {
    const refused = fromErrorReply(answer);
    if (refused === undefined) {
      const done = parseReply(cancelResponse, answer, 'cancel reply');
      nodes.push(done.node_id);
      cancelled += done.cancelled;
    } else if (failure === undefined || failure.code === 'HS_FUNCTION_NOT_FOUND') failure = refused;
  }
  // A node that does not hold the function is no failure while another does.
  if (failure !== undefined && (nodes.length === 0 || failure.code !== 'HS_FUNCTION_NOT_FOUND'))
    throw failure;
  if (nodes.length === 0)
    throw new HairspringError('HS_NATS_UNREACHABLE', `${action}: no node answered in time`);
  return { cancelled, nodes };
}
