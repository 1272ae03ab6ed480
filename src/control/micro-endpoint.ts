import type { Msg, MsgHdrs } from '@nats-io/nats-core';
import type { Clock, ReplySubjects } from '../core/index.ts';

export interface MicroReply {
  readonly data: Uint8Array | string;
  readonly headers?: MsgHdrs;
}

export interface MicroEndpoint {
  readonly name: string;
  readonly subject: string;
  /** Resolves with the reply, with several that belong together, or with `undefined` to stay silent; what it throws becomes an error reply. */
  handle(msg: Msg): Promise<MicroReply | readonly MicroReply[] | undefined>;
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
  /** Whose request it is that comes in on `subject`. */
  readonly ownerOf: (subject: string) => string;
  /** Turns what a handler threw into the error reply. */
  readonly onError: (error: unknown, endpoint: MicroEndpoint) => MicroReply;
  readonly replySubjects: ReplySubjects;
  /** Hears of a request that was dropped for its reply subject. */
  readonly onReplyRefused: (reply: string) => void;
  /** Hears that the server denied a discovery subject, which the service works without. */
  readonly onDiscoveryDenied: (subject: string) => void;
}

/** Below the smallest `max_payload` that servers have in practice. */
const PAGE_BYTES = 256 * 1024;

/** A list as JSON arrays in as many replies as it needs, at least one: each is of at most 256 KiB, or has one item. */
export function jsonPages(items: readonly unknown[]): readonly MicroReply[] {
  const pages: MicroReply[] = [];
  let page: string[] = [];
  let bytes = 0;
  const turn = (): void => {
    pages.push({ data: `[${page.join(',')}]` });
    page = [];
    bytes = 0;
  };
  for (const item of items) {
    const text = JSON.stringify(item);
    const itemBytes = Buffer.byteLength(text) + 1;
    if (page.length > 0 && bytes + itemBytes > PAGE_BYTES) turn();
    page.push(text);
    bytes += itemBytes;
  }
  if (page.length > 0 || pages.length === 0) turn();
  return pages;
}

/** A reply with `value` as JSON. */
export function json(value: unknown): MicroReply {
  return { data: JSON.stringify(value) };
}
