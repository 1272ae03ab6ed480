import { channel } from 'node:diagnostics_channel';
import {
  type ErrorCode,
  type FinishedInvocation,
  type FunctionSpec,
  type Invocation,
  type InvocationStatus,
  type ObservedCall,
  type ObservedInvocation,
  type PoolChange,
  SilentObserver,
  shownSubject,
} from '../../core/index.ts';

const invocationChannel = channel('hairspring:invocation');
const callChannel = channel('hairspring:host-call');
const batchChannel = channel('hairspring:batch');
const poolChannel = channel('hairspring:pool');
const logChannel = channel('hairspring:log');

/**
 * Publishes on named diagnostics channels of this process, where somebody has subscribed;
 * docs/observability.md lists the messages. Who subscribes must not throw, and must not keep what it is given.
 */
export class ChannelObserver extends SilentObserver {
  override wantsDetails(): boolean {
    return invocationChannel.hasSubscribers || callChannel.hasSubscribers || batchChannel.hasSubscribers;
  }

  override onReceived(spec: FunctionSpec, { id, invocation }: ObservedInvocation): void {
    if (!invocationChannel.hasSubscribers) return;
    const subject = shownSubject(invocation.subject);
    invocationChannel.publish({ event: 'received', ...identify(spec), id, subject });
  }

  override onRefused(spec: FunctionSpec, { subject }: Invocation, status: ErrorCode): void {
    if (invocationChannel.hasSubscribers)
      invocationChannel.publish({
        event: 'refused',
        ...identify(spec),
        subject: shownSubject(subject),
        status,
      });
  }

  override onStarted(spec: FunctionSpec, flight: ObservedInvocation): void {
    if (!invocationChannel.hasSubscribers) return;
    const { id, invocation, acceptedMs, startedMs, coldMs, coldReason } = flight;
    const subject = shownSubject(invocation.subject);
    const queueMs = startedMs - acceptedMs;
    const event = { event: 'started', ...identify(spec), id, subject, queueMs, coldMs, coldReason };
    invocationChannel.publish(event);
  }

  override onFinished(spec: FunctionSpec, finished: FinishedInvocation): void {
    if (!invocationChannel.hasSubscribers) return;
    const { flight, status, durationMs, finishedMs, replyBytes } = finished;
    const { id, invocation, startedMs, acceptedMs } = flight;
    const begun = startedMs === 0 ? finishedMs : startedMs;
    invocationChannel.publish({
      event: 'finished',
      ...identify(spec),
      id,
      subject: shownSubject(invocation.subject),
      status,
      durationMs,
      queueMs: begun - acceptedMs,
      runMs: finishedMs - begun,
      replyBytes,
    });
  }

  override onCallStarted(spec: FunctionSpec, { flight, label, op }: ObservedCall): void {
    if (callChannel.hasSubscribers)
      callChannel.publish({ event: 'started', ...identify(spec), id: flight.id, label, op });
  }

  override onCallFinished(
    spec: FunctionSpec,
    { flight, label, op, startedMs }: ObservedCall,
    status: InvocationStatus,
    finishedMs: number,
  ): void {
    if (!callChannel.hasSubscribers) return;
    const durationMs = finishedMs - startedMs;
    callChannel.publish({
      event: 'finished',
      ...identify(spec),
      id: flight.id,
      label,
      op,
      status,
      durationMs,
    });
  }

  override onBatch(spec: FunctionSpec, records: number): void {
    if (batchChannel.hasSubscribers) batchChannel.publish({ ...identify(spec), records });
  }

  override onPool(spec: FunctionSpec, change: PoolChange): void {
    if (poolChannel.hasSubscribers) poolChannel.publish({ ...identify(spec), change });
  }

  override onLog(spec: FunctionSpec, level: string, text: string): void {
    if (logChannel.hasSubscribers) logChannel.publish({ ...identify(spec), level, text });
  }
}

function identify({ id, namespace, name, version }: FunctionSpec): {
  readonly functionId: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
} {
  return { functionId: id, namespace, name, version };
}
