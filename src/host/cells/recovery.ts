import {
  type AdoptedMessage,
  isForbiddenReply,
  JOURNAL,
  JOURNAL_RECORD,
  readJournal,
  readWindow,
} from '../../core/index.ts';
import { parseLastRead } from './last-read.ts';
import { MessageParser, type SidLookup } from './message-parser.ts';
import { Tally } from './tally.ts';

/** A caller of a dead cell who still waits, for an invocation that had begun or may have. */
export interface OpenCall {
  readonly reply: string;
  /** Undefined when the journal no longer tells. */
  readonly functionId: string | undefined;
}

export interface Recovered {
  /** Function whose isolate the main thread was in when the cell died. */
  readonly enteredFunctionId: string | undefined;
  /** Functions whose isolates the heavy lane was in, by slot. */
  readonly heavyFunctionIds: ReadonlyMap<number, string>;
  /** To be answered with an error: running them again could run them twice. */
  readonly open: readonly OpenCall[];
  /** Received and never begun: safe to run elsewhere. More unread bytes only ever add to its end. */
  readonly unstarted: readonly AdoptedMessage[];
}

/** What the journal tells. */
interface Told {
  enteredFunctionId: string | undefined;
  readonly heavyFunctionIds: Map<number, string>;
  readonly inbound: Uint8Array[];
  /** Calls that have begun, or were open when the half was begun. */
  readonly started: OpenCall[];
  /** Reply subjects that were open when the half was begun. */
  readonly carried: Tally;
  /** Reply subjects of calls that have begun, other than those that were carried. */
  readonly begun: Tally;
  readonly answered: Tally;
  /** Inbound bytes are missing at the end. */
  gap: boolean;
  /** The one that the cell was reading into. */
  window: 0 | 1;
}

/**
 * Works out from a dead cell's journal, and from what was left in its socket, what every caller is
 * owed. A pure function: the same bytes give the same answer.
 * @param isAll whether nothing comes behind `unread`
 */
export function recover(
  journal: Uint8Array,
  unread: Uint8Array,
  lookup: SidLookup,
  isAll: boolean = true,
): Recovered {
  const told = readAll(journal);
  const incomplete = journal[JOURNAL.incompleteOffset] === 1;
  const parser = new MessageParser(lookup);
  for (const chunk of told.inbound) parser.parse(chunk);
  const received = parser.take().filter(expectsReply);
  const { open, unstarted } = attribute(told, received, incomplete);
  // The cell never looked at these, so none of them can have begun.
  if (!told.gap && !incomplete) parseLastRead(parser, readWindow(journal, told.window), unread, isAll);
  unstarted.push(...parser.take().filter(expectsReply));
  const { enteredFunctionId, heavyFunctionIds } = told;
  return { enteredFunctionId, heavyFunctionIds, open, unstarted };
}

/** The cell runs a message with a forbidden reply subject as one without, so the journal is silent about it. */
function expectsReply({ reply }: AdoptedMessage): boolean {
  return reply !== '' && !isForbiddenReply(reply);
}

function readAll(journal: Uint8Array): Told {
  const told: Told = {
    enteredFunctionId: undefined,
    heavyFunctionIds: new Map(),
    inbound: [],
    started: [],
    carried: new Tally(),
    begun: new Tally(),
    answered: new Tally(),
    gap: false,
    window: journal[JOURNAL.windowOffset] === 1 ? 1 : 0,
  };
  /** Places in `started` of calls that were carried and have not been entered since. */
  const places = new Map<string, number[]>();
  const begin = (functionId: string, replies: readonly string[]): void => {
    for (const reply of replies) {
      if (reply === '') continue;
      const place = places.get(reply)?.shift();
      if (place === undefined) told.begun.add(reply);
      told.started[place ?? told.started.length] = { reply, functionId };
    }
  };
  for (const { type, data } of readJournal(journal)) {
    const isInbound = type === JOURNAL_RECORD.inbound || type === JOURNAL_RECORD.inboundSecond;
    const text = isInbound ? '' : Buffer.from(data).toString('utf8');
    switch (type) {
      case JOURNAL_RECORD.inbound:
      case JOURNAL_RECORD.inboundSecond:
        told.window = type === JOURNAL_RECORD.inbound ? 1 : 0;
        if (!told.gap) told.inbound.push(data);
        break;
      case JOURNAL_RECORD.gap:
        told.gap = true;
        break;
      case JOURNAL_RECORD.enter: {
        const [functionId = '', ...replies] = text.split('\n');
        told.enteredFunctionId = functionId;
        begin(functionId, replies);
        break;
      }
      case JOURNAL_RECORD.enterHeavy: {
        const [slot, functionId = '', ...replies] = text.split('\n');
        told.heavyFunctionIds.set(Number(slot), functionId);
        begin(functionId, replies);
        break;
      }
      case JOURNAL_RECORD.leaveHeavy:
        told.heavyFunctionIds.delete(Number(text));
        break;
      case JOURNAL_RECORD.leave:
        told.enteredFunctionId = undefined;
        break;
      case JOURNAL_RECORD.answered:
        told.enteredFunctionId = undefined;
        for (const reply of text.split('\n')) told.answered.add(reply);
        break;
      case JOURNAL_RECORD.open:
        for (const reply of text.split('\n')) {
          const own = places.get(reply) ?? [];
          own.push(told.started.length);
          places.set(reply, own);
          told.carried.add(reply);
          told.started.push({ reply, functionId: undefined });
        }
        break;
      default:
        break;
    }
  }
  return told;
}

/** Tells the received messages that have begun or been answered from those that have not. */
function attribute(
  { started, carried, begun, answered }: Told,
  received: readonly AdoptedMessage[],
  incomplete: boolean,
): { readonly open: readonly OpenCall[]; readonly unstarted: AdoptedMessage[] } {
  const shared = sharedReplies(received, carried);
  const answeredLeft = answered.copy();
  const open = started.filter(({ reply }) => !answeredLeft.take(reply));
  const begunLeft = begun.copy();
  const unstarted: AdoptedMessage[] = [];
  for (const message of received) {
    const { reply, functionId } = message;
    if (begunLeft.take(reply) || answeredLeft.take(reply)) continue;
    // Which of those that share a reply subject has begun, the journal does not tell.
    if (incomplete || shared.has(reply)) open.push({ reply, functionId });
    else unstarted.push(message);
  }
  return { open, unstarted };
}

/** Reply subjects that stand for calls of several functions, or for some that were carried and for others. */
function sharedReplies(received: readonly AdoptedMessage[], carried: Tally): ReadonlySet<string> {
  const functions = new Map<string, string>();
  const shared = new Set<string>();
  for (const { reply, functionId } of received) {
    if (carried.has(reply) || (functions.get(reply) ?? functionId) !== functionId) shared.add(reply);
    functions.set(reply, functionId);
  }
  return shared;
}
