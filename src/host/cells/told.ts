import { JOURNAL, JOURNAL_RECORD, namedRequest, readJournal } from '../../core/index.ts';
import { Tally } from './tally.ts';

/** A caller of a dead cell who still waits, for an invocation that had begun or may have. */
export interface OpenCall {
  readonly reply: string;
  /** Undefined when the journal no longer tells. */
  readonly functionId: string | undefined;
}

/** What the journal tells. */
export interface Told {
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
  /** HTTP requests that have begun, by number. */
  readonly begunRequests: Set<number>;
  /** Of those up to this number nothing is known. */
  forgottenRequests: number;
  /** Inbound bytes are missing at the end. */
  gap: boolean;
  /** The one that the cell was reading into. */
  window: 0 | 1;
}

export function readTold(journal: Uint8Array): Told {
  const told: Told = {
    enteredFunctionId: undefined,
    heavyFunctionIds: new Map(),
    inbound: [],
    started: [],
    carried: new Tally(),
    begun: new Tally(),
    answered: new Tally(),
    begunRequests: new Set(),
    forgottenRequests: 0,
    gap: false,
    window: journal[JOURNAL.windowOffset] === 1 ? 1 : 0,
  };
  /** Places in `started` of calls that were carried and have not been entered since. */
  const places = new Map<string, number[]>();
  const begin = (functionId: string, replies: readonly string[]): void => {
    for (const reply of replies) {
      if (reply === '') continue;
      const requestId = namedRequest(reply);
      if (requestId !== undefined) {
        told.begunRequests.add(requestId);
        continue;
      }
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
      case JOURNAL_RECORD.requests:
        told.forgottenRequests = Number(text);
        break;
      default:
        break;
    }
  }
  return told;
}
