import { Buffer } from 'node:buffer';
import {
  type Invocation,
  JOURNAL,
  JOURNAL_RECORD,
  type JournalRecordType,
  requestName,
} from '../core/index.ts';
import type { EntryJournal } from '../runtime/index.ts';
import type { OpenReply } from '../triggers/index.ts';
import { JournalHalves } from './journal-halves.ts';
import { IMMEDIATE_OUTPUT, type Output, SentReplies } from './sent-replies.ts';
import { StreamTail } from './stream-tail.ts';

/** The half is changed once it holds this much, or twice what is open if that is more, at the next moment that allows it. */
const TURN_BYTES = 1024 ** 2;
/** Reply subjects of one record of what is open. */
const OPEN_PER_RECORD = 1_000;
/** How long to wait until the kernel may have taken what it had no room for. */
const SEND_RETRY_MS = 1;
const INBOUND_OF_WINDOW = [JOURNAL_RECORD.inbound, JOURNAL_RECORD.inboundSecond] as const;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Keeps the in-flight journal: what has come in, what runs and what is answered, so that the host knows it whatever
 * becomes of this process. A record that cannot be written is noted as missing.
 */
export class JournalWriter implements EntryJournal {
  readonly #halves: JournalHalves;
  readonly #atMessageBoundary: () => boolean;
  readonly #answered: SentReplies;
  /** Received and not answered; each knows its place. */
  readonly #open: OpenReply[] = [];
  /** What runs in the heavy lane, by slot: a half that is begun meanwhile tells of it again. */
  readonly #heavy = new Map<number, { readonly functionId: string; readonly replies: readonly string[] }>();
  readonly #tail = new StreamTail();
  /** The window of the last bytes on record, and the one that comes next. */
  #lastWindow: 0 | 1 = 0;
  #nextWindow: 0 | 1 = 0;
  #turnAt = TURN_BYTES;
  #adoptions = 0;
  /** Number of the last HTTP request that has come; 0 before the first. */
  #lastRequestId = 0;
  #gap = false;
  #incomplete = false;
  #left = false;
  #flushPlanned = false;
  #recordPlanned = false;

  /**
   * @param atMessageBoundary whether all bytes journaled so far end with a whole protocol message
   * @param output of the connection that answers go to
   */
  constructor(fd: number, atMessageBoundary: () => boolean, output: Output = IMMEDIATE_OUTPUT) {
    this.#halves = new JournalHalves(fd);
    this.#atMessageBoundary = atMessageBoundary;
    this.#answered = new SentReplies(output);
  }

  /** A new connection begins: what came in on the last one can only be answered for. */
  startStream(): void {
    this.#tail.clear();
    this.#answered.startStream();
    if (!this.#turn()) this.#beginGap();
  }

  /**
   * Called with each chunk before anything looks into it.
   * @param window the one that it was read into; the next chunk is read into the other
   */
  inbound(chunk: Uint8Array, window: 0 | 1 = 0): void {
    const type = INBOUND_OF_WINDOW[window];
    this.#nextWindow = window;
    if (this.#atMessageBoundary()) {
      this.#tail.clear();
      if (this.#halves.used > this.#turnAt || this.#gap) this.#turn();
    }
    if (!this.#gap && !this.#halves.append(type, chunk)) {
      if (this.#tail.isKnown) this.#turn();
      if (!this.#halves.append(type, chunk)) this.#beginGap();
    }
    this.#lastWindow = window;
    this.#nextWindow = window === 0 ? 1 : 0;
    this.#tail.push(chunk);
  }

  #beginGap(): void {
    this.#gap = true;
    if (!this.#halves.append(JOURNAL_RECORD.gap, NOTHING)) this.#noteIncomplete(true);
  }

  received(open: OpenReply): void {
    open.place = this.#open.length;
    this.#open.push(open);
    // The bytes of this message are in no record, so the caller is known by the reply subject only.
    if (this.#gap && !this.#halves.append(JOURNAL_RECORD.open, Buffer.from(open.reply, 'utf8'))) this.#turn();
  }

  /** Messages of a dead cell come in beside the connection: they are open from now on. */
  adopting(replies: readonly string[]): void {
    if (this.#gap) return; // `received` tells each of them.
    const waiting = replies.filter((reply) => reply !== '');
    for (let at = 0; at < waiting.length; at += OPEN_PER_RECORD) {
      this.#appendText(JOURNAL_RECORD.open, waiting.slice(at, at + OPEN_PER_RECORD).join('\n'));
    }
  }

  /** All of them have been received, and none has begun: from here on this journal answers for them. */
  adopted(): void {
    this.#adoptions = (this.#adoptions + 1) % 256;
    this.#halves.note(JOURNAL.adoptionsOffset, this.#adoptions);
  }

  /** An HTTP request has come, which the host has on record as long as it is not answered. */
  requested(requestId: number): void {
    this.#lastRequestId = requestId;
  }

  answered(open: OpenReply): void {
    this.#close(open);
    this.#answered.add(open.reply);
    this.#planFlush();
  }

  /** The last one takes its place: their order says nothing. */
  #close(open: OpenReply): void {
    if (this.#open[open.place] !== open) return;
    const last = this.#open.pop();
    if (last !== undefined && last !== open) {
      this.#open[open.place] = last;
      last.place = open.place;
    }
    open.place = -1;
  }

  enter(functionId: string, started: readonly Invocation[]): void {
    this.#left = false;
    let text = functionId;
    for (const invocation of started) text += `\n${nameOf(invocation)}`;
    this.#appendText(JOURNAL_RECORD.enter, text);
  }

  /** Written with what is answered next: until then nothing but a signal from outside can end the process. */
  leave(): void {
    this.#left = true;
    this.#planFlush();
  }

  enterHeavy(slot: number, functionId: string, started: readonly Invocation[]): void {
    this.#appendText(JOURNAL_RECORD.enterHeavy, [slot, functionId, ...started.map(nameOf)].join('\n'));
    this.#heavy.set(slot, { functionId, replies: started.map(({ reply }) => reply) });
  }

  /** Written at once: whoever enters an isolate next must not be taken for this one. */
  leaveHeavy(slot: number): void {
    this.#heavy.delete(slot);
    this.#appendText(JOURNAL_RECORD.leaveHeavy, String(slot));
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(this.#flush);
  }

  /**
   * Answers were handed to the kernel, unless that takes no more. They go on record as soon as the microtasks of the
   * moment have run: until then there may be others that are on their way to the socket, and a turn of the event loop
   * later their callers have heard them for milliseconds, who would be told of the death of the cell as well.
   */
  sent(): void {
    if (this.#recordPlanned || this.#answered.isEmpty) return;
    this.#recordPlanned = true;
    process.nextTick(this.#record);
  }

  readonly #record = (): void => {
    this.#recordPlanned = false;
    const sent = this.#answered.take();
    if (sent === '') return;
    this.#left = false;
    // A half that is begun now does not list them as open.
    if (!this.#halves.append(JOURNAL_RECORD.answered, Buffer.from(sent, 'utf8'))) this.#turn();
  };

  readonly #flush = (): void => {
    this.#record();
    if (this.#left) this.#appendText(JOURNAL_RECORD.leave, '');
    this.#left = false;
    this.#flushPlanned = !this.#answered.isEmpty;
    if (this.#flushPlanned) setTimeout(this.#flush, SEND_RETRY_MS);
  };

  #appendText(type: JournalRecordType, text: string): void {
    const data = Buffer.from(text, 'utf8');
    if (this.#halves.append(type, data)) return;
    this.#turn();
    if (!this.#halves.append(type, data)) this.#noteIncomplete(true);
  }

  /** Until this is taken back the host runs nothing that it finds in the journal: it may have begun. */
  #noteIncomplete(incomplete: boolean): void {
    if (this.#incomplete === incomplete) return;
    this.#incomplete = incomplete;
    this.#halves.note(JOURNAL.incompleteOffset, incomplete ? 1 : 0);
  }

  /**
   * Begins the other half with what is still open, and with the message that has not ended yet.
   * @returns whether it is begun; when it cannot be written, the present one goes on
   */
  #turn(): boolean {
    const wasGap = this.#gap;
    const unfinished = this.#atMessageBoundary() ? NOTHING : this.#tail.unfinished();
    this.#gap = unfinished === undefined;
    const begun = this.#halves.begin(
      () =>
        this.#appendOpen() &&
        this.#appendHeavy() &&
        this.#appendRequests() &&
        this.#appendUnfinished(unfinished) &&
        this.#halves.note(JOURNAL.windowOffset, this.#nextWindow),
    );
    this.#turnAt = Math.max(TURN_BYTES, 2 * this.#halves.used);
    if (begun) this.#noteIncomplete(false);
    else this.#gap = wasGap;
    return begun;
  }

  #appendUnfinished(unfinished: Uint8Array | undefined): boolean {
    if (unfinished === undefined) return this.#halves.append(JOURNAL_RECORD.gap, NOTHING);
    return unfinished.length === 0 || this.#halves.append(INBOUND_OF_WINDOW[this.#lastWindow], unfinished);
  }

  #appendOpen(): boolean {
    // What has been answered and is not on record yet will be.
    let replies = this.#answered.isEmpty ? [] : this.#answered.all.split('\n');
    let whole = true;
    const write = (): void => {
      whole &&= this.#halves.append(JOURNAL_RECORD.open, Buffer.from(replies.join('\n'), 'utf8'));
      replies = [];
    };
    for (const { reply } of this.#open) {
      replies.push(reply);
      if (replies.length >= OPEN_PER_RECORD) write();
    }
    if (replies.length > 0) write();
    return whole;
  }

  /** Which of them have begun is in the other half. */
  #appendRequests(): boolean {
    const id = this.#lastRequestId;
    return id === 0 || this.#halves.append(JOURNAL_RECORD.requests, Buffer.from(String(id), 'utf8'));
  }

  #appendHeavy(): boolean {
    let whole = true;
    const open = new Set(this.#heavy.size === 0 ? [] : this.#open.map(({ reply }) => reply));
    for (const [slot, { functionId, replies }] of this.#heavy) {
      const waiting = replies.filter((reply) => open.has(reply));
      const text = [slot, functionId, ...waiting].join('\n');
      whole &&= this.#halves.append(JOURNAL_RECORD.enterHeavy, Buffer.from(text, 'utf8'));
    }
    return whole;
  }
}

function nameOf({ reply, requestId }: Invocation): string {
  return reply === '' && requestId !== undefined ? requestName(requestId) : reply;
}
