import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import {
  type Clock,
  type FinishedInvocation,
  type FunctionSpec,
  feedSubjects,
  HOST_LIMITS,
  type LogLevel,
  SilentObserver,
  shownSubject,
} from '../core/index.ts';

/** Invocation events per second that a tap is given; the rest are counted. */
const EVENTS_PER_SECOND = 500;

interface Window {
  startedMs: number;
  count: number;
  dropped: number;
}

/** Publishes what functions log and, while somebody listens, what they did, at bounded rates. */
export class FeedPublisher extends SilentObserver {
  readonly #nc: NatsConnection;
  readonly #clock: Clock;
  readonly #logWindows = new Map<string, Window>();
  readonly #events: Window = { startedMs: 0, count: 0, dropped: 0 };
  readonly #onDropped: (spec: FunctionSpec) => void;
  #tapUntilMs = 0;

  /** @param onDropped told of each line that is too many */
  constructor(nc: NatsConnection, clock: Clock, onDropped: (spec: FunctionSpec) => void = () => undefined) {
    super();
    this.#onDropped = onDropped;
    this.#nc = nc;
    this.#clock = clock;
  }

  tap(untilMs: number): void {
    this.#tapUntilMs = Math.max(this.#tapUntilMs, untilMs);
  }

  forget(functionId: string): void {
    this.#logWindows.delete(functionId);
  }

  /** Whether a line that the function logs now is published; what is dropped need not be made. */
  admits(functionId: string): boolean {
    const window = this.#logWindows.get(functionId);
    return window === undefined || !this.#isFull(window, HOST_LIMITS.logLinesPerSecond);
  }

  override onLog(spec: FunctionSpec, level: string, text: string): void {
    let window = this.#logWindows.get(spec.id);
    if (window === undefined) {
      window = { startedMs: 0, count: 0, dropped: 0 };
      this.#logWindows.set(spec.id, window);
    }
    const dropped = this.#take(window, HOST_LIMITS.logLinesPerSecond);
    if (dropped === undefined) {
      this.#onDropped(spec);
      return;
    }
    if (dropped > 0)
      this.#publishLog(
        spec,
        'warn',
        `${dropped} log lines were dropped: more than ${HOST_LIMITS.logLinesPerSecond} in a second`,
      );
    this.#publishLog(spec, toLevel(level), text);
  }

  #publishLog(spec: FunctionSpec, level: LogLevel, text: string): void {
    const headers = new MsgHdrsImpl();
    headers.append('synadia.com/group', '');
    headers.append('synadia.com/namespace', spec.namespace);
    headers.append('Hairspring-Level', level);
    headers.append('Hairspring-Function', spec.name);
    const stream = level === 'error' || level === 'warn' ? 'stderr' : 'stdout';
    const bytes = Buffer.from(text.slice(0, HOST_LIMITS.logLineBytes)).subarray(0, HOST_LIMITS.logLineBytes);
    this.#publish(feedSubjects.logs(spec.namespace, spec.id, stream), bytes, headers);
  }

  /** Who is told by a feed has no part in the work: it goes on when the connection does not take the line. */
  #publish(subject: string, payload: Uint8Array | string, headers?: MsgHdrs): void {
    // The library sends later, without a look at what the next server takes, which cuts the connection for too much.
    if (this.#nc.info === undefined) return;
    try {
      this.#nc.publish(subject, payload, headers === undefined ? {} : { headers });
    } catch {
      // The connection is closing, or the server takes less than a line.
    }
  }

  override onFinished(spec: FunctionSpec, finished: FinishedInvocation): void {
    if (this.#tapUntilMs === 0) return;
    if (this.#clock.now() > this.#tapUntilMs) {
      this.#tapUntilMs = 0;
      return;
    }
    const dropped = this.#take(this.#events, EVENTS_PER_SECOND);
    if (dropped === undefined) return;
    const { invocation, status, durationMs, coldMs, coldReason, replyBytes } = finished;
    const event = {
      functionId: spec.id,
      name: spec.name,
      namespace: spec.namespace,
      version: spec.version,
      subject: shownSubject(invocation.subject),
      status,
      durationMs,
      replyBytes,
      ...(coldMs === undefined ? {} : { coldMs, coldReason }),
      ...(dropped === 0 ? {} : { dropped }),
    };
    this.#publish(feedSubjects.events(spec.namespace, 'INVOCATION'), JSON.stringify(event));
  }

  /** @returns how many were dropped since the last one, or undefined when this one is dropped too */
  #take(window: Window, perSecond: number): number | undefined {
    if (this.#isFull(window, perSecond)) {
      window.dropped += 1;
      return undefined;
    }
    window.count += 1;
    const { dropped } = window;
    window.dropped = 0;
    return dropped;
  }

  #isFull(window: Window, perSecond: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - window.startedMs >= 1_000) {
      window.startedMs = nowMs;
      window.count = 0;
    }
    return window.count >= perSecond;
  }
}

function toLevel(level: string): LogLevel {
  return level === 'debug' || level === 'warn' || level === 'error' ? level : 'info';
}
