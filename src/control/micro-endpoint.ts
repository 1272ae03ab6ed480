import type { Msg, MsgHdrs } from '@nats-io/nats-core';
import type { Clock } from '../core/index.ts';

export interface MicroReply {
  readonly data: Uint8Array | string;
  readonly headers?: MsgHdrs;
}

export interface MicroEndpoint {
  readonly name: string;
  readonly subject: string;
  /** Resolves with the reply, or with `undefined` to stay silent; what it throws becomes an error reply. */
  handle(msg: Msg): Promise<MicroReply | undefined>;
}

export interface MicroServiceOptions {
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  /** Queue group of all endpoints; discovery is never queued. */
  readonly queue: string;
  readonly endpoints: readonly MicroEndpoint[];
  readonly clock: Clock;
  /** Turns what a handler threw into the error reply. */
  readonly onError: (error: unknown, endpoint: MicroEndpoint) => MicroReply;
  /** Hears that the server denied a discovery subject, which the service works without. */
  readonly onDiscoveryDenied: (subject: string) => void;
}

/** A reply with `value` as JSON. */
export function json(value: unknown): MicroReply {
  return { data: JSON.stringify(value) };
}
