import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { HairspringError } from '../../core/index.ts';

/** A forgotten consumer goes away by itself after so long. */
const CONSUMER_IDLE_NS = 5_000_000_000;
/** The shortest that the library takes. */
const FETCH_MS = 1_000;
/** Fetches in a row that bring nothing, though the server says that there is more. */
const MAX_EMPTY_FETCHES = 5;

interface LastMessagesOptions {
  readonly filterSubject: string;
}

/**
 * Reads the last message of each subject of a stream in one pass, by a consumer of its own that is
 * gone afterwards. Messages that are removed while it reads are not waited for: the server counts
 * again after each fetch.
 * @throws HS_NATS_UNREACHABLE
 */
export async function readLastMessages(
  manager: JetStreamManager,
  stream: string,
  { filterSubject }: LastMessagesOptions,
): Promise<readonly JsMsg[]> {
  const { name, num_pending } = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subject: filterSubject,
    inactive_threshold: CONSUMER_IDLE_NS,
    mem_storage: true,
    num_replicas: 1,
  });
  try {
    if (num_pending === 0) return [];
    return await drain(await manager.jetstream().consumers.get(stream, name), stream);
  } finally {
    await manager.consumers.delete(stream, name);
  }
}

async function drain(consumer: Consumer, stream: string): Promise<readonly JsMsg[]> {
  const found: JsMsg[] = [];
  let empty = 0;
  // What it was opened with is still true at first.
  for (let isOpened = true; empty < MAX_EMPTY_FETCHES; isOpened = false) {
    const { num_pending: left } = await consumer.info(isOpened);
    if (left === 0) return found;
    const before = found.length;
    for await (const message of await consumer.fetch({ max_messages: left, expires: FETCH_MS })) {
      found.push(message);
      if (message.info.pending === 0) return found;
    }
    empty = found.length === before ? empty + 1 : 0;
  }
  throw new HairspringError(
    'HS_NATS_UNREACHABLE',
    `Cannot read stream ${stream}: it gave no message in ${MAX_EMPTY_FETCHES * FETCH_MS} ms`,
  );
}
