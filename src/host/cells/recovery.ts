import { type AdoptedMessage, JOURNAL, type ReplySubjects, readWindow } from '../../core/index.ts';
import { MessageParser, type SidLookup } from './message-parser.ts';
import { StreamRest } from './stream-rest.ts';
import type { Tally } from './tally.ts';
import { type OpenCall, readTold, type Told } from './told.ts';

/**
 * Works out from a dead cell's journal, and from what was left in its socket, what every caller is owed. The same
 * bytes give the same answer, in however many pieces they are added.
 */
export class Recovery {
  /** Function whose isolate the main thread was in when the cell died. */
  readonly enteredFunctionId: string | undefined;
  /** Functions whose isolates the heavy lane was in, by slot. */
  readonly heavyFunctionIds: ReadonlyMap<number, string>;
  /** To be answered with an error: running them again could run them twice. */
  readonly open: readonly OpenCall[];
  /** Whether an HTTP request may have begun, by its number. */
  readonly mayHaveBegun: (requestId: number) => boolean;
  readonly #unstarted: AdoptedMessage[];
  readonly #parser: MessageParser;
  readonly #replySubjects: Pick<ReplySubjects, 'refuses'>;
  /** Undefined when the journal does not tell how far the cell had read. */
  readonly #rest: StreamRest | undefined;

  constructor(journal: Uint8Array, lookup: SidLookup, replySubjects: Pick<ReplySubjects, 'refuses'>) {
    this.#replySubjects = replySubjects;
    const told = readTold(journal);
    const incomplete = journal[JOURNAL.incompleteOffset] === 1;
    this.#parser = new MessageParser(lookup);
    for (const chunk of told.inbound) this.#parser.parse(chunk);
    const received = this.#parser.take().filter((message) => this.#expectsReply(message));
    const { open, unstarted } = attribute(told, received, incomplete);
    this.enteredFunctionId = told.enteredFunctionId;
    this.heavyFunctionIds = told.heavyFunctionIds;
    this.open = open;
    // What is no number is greater than none.
    const { begunRequests, forgottenRequests } = told;
    this.mayHaveBegun = (requestId) =>
      incomplete || !(requestId > forgottenRequests) || begunRequests.has(requestId);
    this.#unstarted = unstarted;
    if (told.gap || incomplete) return;
    this.#rest = new StreamRest(this.#parser, readWindow(journal, told.window));
    this.#takeUnread();
  }

  /** Received and never begun: safe to run elsewhere. What is added only ever adds to its end. */
  get unstarted(): readonly AdoptedMessage[] {
    return this.#unstarted;
  }

  /** Whether what is added can be read. */
  get isReading(): boolean {
    return this.#rest !== undefined && !this.#parser.isTorn;
  }

  /** How often the server has said PONG, as far as that was read. */
  get pongs(): number {
    return this.#parser.pongs;
  }

  /** Adds what the cell had not read. */
  add(unread: Uint8Array): void {
    this.#rest?.add(unread);
    this.#takeUnread();
  }

  /** Nothing more is added. */
  end(): void {
    this.#rest?.end();
    this.#takeUnread();
  }

  /** The cell never looked at these, so none of them can have begun. */
  #takeUnread(): void {
    for (const message of this.#parser.take()) if (this.#expectsReply(message)) this.#unstarted.push(message);
  }

  /** The cell runs a message with a refused reply subject as one without, so the journal is silent about it. */
  #expectsReply({ reply }: AdoptedMessage): boolean {
    return reply !== '' && !this.#replySubjects.refuses(reply);
  }
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
