import { hairspringSubjects } from '../core/index.ts';
import { askNodes } from './ask-nodes.ts';
import { assertToken, type ClientContext } from './client-request.ts';
import { cancelResponse } from './replies.ts';

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
  const subject = hairspringSubjects.cancel(context.namespace, nameOrId);
  const body = invocationId === undefined ? {} : { invocation_id: invocationId };
  const replies = await askNodes(context, subject, body, {
    action: `Cannot cancel "${nameOrId}"`,
    schema: cancelResponse,
    what: 'cancel reply',
    notHeld: 'HS_FUNCTION_NOT_FOUND',
  });
  return {
    cancelled: replies.reduce((sum, { cancelled }) => sum + cancelled, 0),
    nodes: replies.map(({ node_id }) => node_id),
  };
}
