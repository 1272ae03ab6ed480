import {
  type FunctionCall,
  HairspringError,
  type Invocation,
  type LocalCall,
  type Outcome,
} from '../core/index.ts';
import type { FunctionRunner } from '../runtime/index.ts';
import { type OpenReply, type ReplyTarget, refuseSize } from '../triggers/index.ts';
import { placeInvoke } from './invoke-listener.ts';

/**
 * Where the answer to a call within the cell goes. It is on record like any other, and since nobody may be answered
 * at such a subject, the host answers to none when the cell dies: the caller has died with it, and its own is.
 */
const LOCAL_REPLY = '$LOCAL';

/**
 * Gives a runner a message that another function of its cell has sent, as the invoke subject would, by its limits,
 * its queue and its deadline.
 */
export function callLocally(
  runner: Pick<FunctionRunner, 'spec' | 'accept'>,
  { subject: asked, headers, data }: FunctionCall,
  replies: Omit<ReplyTarget, 'accept' | 'refusedReply'>,
  abandon: (invocation: Invocation) => void,
): LocalCall {
  const { spec } = runner;
  let headerBytes = 0;
  for (const [name, value] of headers) headerBytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  const place = refuseSize(spec, headerBytes, data.length) ?? placeInvoke(spec, asked);
  if (HairspringError.is(place)) return refused(place);
  const answer = Promise.withResolvers<Outcome>();
  const invocation: Invocation & OpenReply = {
    ...place,
    reply: LOCAL_REPLY,
    place: -1,
    headers,
    data,
    succeed(outcome) {
      replies.answered(invocation);
      answer.resolve(outcome);
    },
    fail(error) {
      replies.answered(invocation);
      answer.reject(error);
    },
  };
  replies.received(invocation);
  try {
    runner.accept(invocation);
  } catch (cause) {
    const message = `Cannot invoke ${spec.name}: the message could not be taken`;
    invocation.fail(new HairspringError('HS_INTERNAL', message, { cause }));
  }
  return { answered: answer.promise, abandon: () => abandon(invocation) };
}

/** A call that is over before it has begun. */
export function refused(error: HairspringError): LocalCall {
  return { answered: Promise.reject(error), abandon: () => undefined };
}
