import { Kind, MsgHdrsImpl, Parser } from '@nats-io/nats-core/internal';
import { type AdoptedMessage, isForbiddenReply, JOURNAL_RECORD, readJournal } from '../../core/index.ts';

/** A caller of a dead cell who still waits, for an invocation that had begun or may have. */
export interface OpenCall {
  readonly reply: string;
  /** Undefined when the journal no longer tells. */
  readonly functionId: string | undefined;
}

export interface Recovered {
  /** Function in whose isolate the cell died. */
  readonly enteredFunctionId: string | undefined;
  /** To be answered with an error: running them again could run them twice. */
  readonly open: readonly OpenCall[];
  /** Received and never begun: safe to run elsewhere. */
  readonly unstarted: readonly AdoptedMessage[];
}

/** Which function and trigger a subscription id of the cell belongs to. */
export type SidLookup = (
  sid: number,
  subject: string,
) => { readonly functionId: string; readonly triggerIndex: number } | undefined;

/** Counts by key. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** @returns whether there was one to take */
  take(key: string): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count === 0) return false;
    this.#counts.set(key, count - 1);
    return true;
  }
}

/**
 * Works out from a dead cell's journal, and from what was left in its socket, what every caller is
 * owed. A pure function: the same bytes give the same answer.
 */
export function recover(journal: Uint8Array, unread: Uint8Array, lookup: SidLookup): Recovered {
  const inbound: Uint8Array[] = [];
  const started: OpenCall[] = [];
  /** Places in `started` of calls that were open when the half was begun and have not been entered since. */
  const carried = new Map<string, number[]>();
  const answered = new Tally();
  let enteredFunctionId: string | undefined;
  let gap = false;
  for (const { type, data } of readJournal(journal)) {
    const text = type === JOURNAL_RECORD.inbound ? '' : Buffer.from(data).toString('utf8');
    switch (type) {
      case JOURNAL_RECORD.inbound:
        if (!gap) inbound.push(data);
        break;
      case JOURNAL_RECORD.gap:
        gap = true;
        break;
      case JOURNAL_RECORD.enter: {
        const [functionId = '', ...replies] = text.split('\n');
        enteredFunctionId = functionId;
        for (const reply of replies) {
          if (reply === '') continue;
          const place = carried.get(reply)?.shift() ?? started.length;
          started[place] = { reply, functionId };
        }
        break;
      }
      case JOURNAL_RECORD.leave:
        enteredFunctionId = undefined;
        break;
      case JOURNAL_RECORD.answered:
        enteredFunctionId = undefined;
        for (const reply of text.split('\n')) answered.add(reply);
        break;
      case JOURNAL_RECORD.open:
        for (const reply of text.split('\n')) {
          const places = carried.get(reply) ?? [];
          places.push(started.length);
          carried.set(reply, places);
          started.push({ reply, functionId: undefined });
        }
        break;
      default:
        break;
    }
  }
  if (!gap) inbound.push(unread);
  const received = parseMessages(inbound, lookup);
  const startedReplies = new Tally();
  for (const { reply } of started) startedReplies.add(reply);
  const open = started.filter(({ reply }) => !answered.take(reply));
  const unstarted = received.filter(
    // The cell runs a message with a forbidden reply subject as one without, so the journal is silent about it.
    ({ reply }) =>
      reply !== '' && !isForbiddenReply(reply) && !startedReplies.take(reply) && !answered.take(reply),
  );
  return { enteredFunctionId, open, unstarted };
}

function parseMessages(chunks: readonly Uint8Array[], lookup: SidLookup): AdoptedMessage[] {
  const messages: AdoptedMessage[] = [];
  const decoder = new TextDecoder();
  const parser = new Parser({
    push(event) {
      if (typeof event === 'function' || event.kind !== Kind.MSG || event.msg === undefined) return;
      const { sid, hdr } = event.msg;
      const subject = decoder.decode(event.msg.subject);
      const target = lookup(sid, subject);
      if (target === undefined) return;
      const bytes = event.data ?? new Uint8Array(0);
      messages.push({
        ...target,
        subject,
        reply: event.msg.reply === undefined ? '' : decoder.decode(event.msg.reply),
        headers: hdr > 0 ? headerPairs(bytes.subarray(0, hdr)) : [],
        data: bytes.slice(Math.max(hdr, 0)),
      });
    },
  });
  try {
    for (const chunk of chunks) if (chunk.length > 0) parser.parse(chunk);
  } catch {
    // An encrypted connection, or bytes torn off in the middle: what came before them stands.
  }
  return messages;
}

function headerPairs(bytes: Uint8Array): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const [name, values] of MsgHdrsImpl.decode(bytes))
    for (const value of values) pairs.push([name, value]);
  return pairs;
}
