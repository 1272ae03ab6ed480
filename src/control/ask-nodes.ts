import type { z } from 'zod';
import { type ErrorCode, HairspringError } from '../core/index.ts';
import { type ClientContext, gather, STALL_MS } from './client-request.ts';
import { fromErrorReply } from './error-reply.ts';
import { parseReply } from './replies.ts';

export interface AskOptions<Reply> {
  /** As in `Cannot list secrets`. */
  readonly action: string;
  readonly schema: z.ZodType<Reply>;
  /** What a reply is called in an error. */
  readonly what: string;
  /**
   * What a node answers that does not have what is asked for: no failure while another has it, as every other refusal
   * then is. Without it a refusal counts only where no node does what it is asked.
   */
  readonly notHeld?: ErrorCode;
}

/** Asks all nodes; at least one reply. @throws HS_NO_NODE, HS_NATS_UNREACHABLE, what a node refuses it with */
export async function askNodes<Reply>(
  context: ClientContext,
  subject: string,
  body: unknown,
  { action, schema, what, notHeld }: AskOptions<Reply>,
): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  let failure: HairspringError | undefined;
  const options = { action, timeoutMs: context.timeoutMs, stallMs: STALL_MS };
  for await (const answer of gather(context, subject, body, options)) {
    const refused = fromErrorReply(answer);
    if (refused === undefined) replies.push(parseReply(schema, answer, what));
    else if (failure === undefined || failure.code === notHeld) failure = refused;
  }
  if (failure !== undefined) {
    const countsAnyway = notHeld !== undefined && failure.code !== notHeld;
    if (replies.length === 0 || countsAnyway) throw failure;
  }
  if (replies.length === 0)
    throw new HairspringError('HS_NATS_UNREACHABLE', `${action}: no node answered in time`);
  return replies;
}
