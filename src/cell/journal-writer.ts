import { Buffer } from 'node:buffer';
import { writeSync, writevSync } from 'node:fs';
import {
  halfOffset,
  type Invocation,
  JOURNAL,
  JOURNAL_RECORD,
  type JournalRecordType,
} from '../core/index.ts';
import type { EntryJournal } from '../runtime/index.ts';
import type { OpenReply } from '../triggers/index.ts';
import { IMMEDIATE_OUTPUT, type Output, SentReplies } from './sent-replies.ts';
import { StreamTail } from './stream-tail.ts';

/** The half is changed once it holds this much, or twice what is open if that is more, at the next moment that allows it. */
const TURN_BYTES = 1024 ** 2;
/** Records up to this size are put together in one buffer; larger ones are gathered by the kernel. */
const SCRATCH_BYTES = 64 * 1024;
/** Reply subjects of one record of what is open. */
const OPEN_PER_RECORD = 1_000;
/** How long to wait until the kernel may have taken what it had no room for. */
const SEND_RETRY_MS = 1;
const INBOUND_OF_WINDOW = [JOURNAL_RECORD.inbound, JOURNAL_RECORD.inboundSecond] as const;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Writes the in-flight journal. Every write is one `pwrite` into the page cache, about half a
 * microsecond, and there it stays whatever becomes of this process. A record that cannot be written,
 * because the memory behind the file is used up, is noted as missing and never thrown about.
 */
export class JournalWriter implements EntryJournal {
  readonly #fd: number;
  readonly #atMessageBoundary: () => boolean;
  readonly #answered: SentReplies;
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES);
  /** The header of a record that is none: where the next one will be. */
  readonly #end = Buffer.alloc(JOURNAL.recordHeaderBytes);
  /** Received and not answered; each knows its place. */
  readonly #open: OpenReply[] = [];
  /** What runs in the heavy lane, by slot: a half that is begun meanwhile tells of it again. */
  readonly #heavy = new Map<number, { readonly functionId: string; readonly replies: readonly string[] }>();
  readonly #tail = new StreamTail();
  #active = 0;
  /** The window of the last bytes on record, and the one that comes next. */
  #lastWindow: 0 | 1 = 0;
  #nextWindow: 0 | 1 = 0;
  #used = 0;
  #turnAt = TURN_BYTES;
  #adoptions = 0;
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
    this.#fd = fd;
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
      if (this.#used > this.#turnAt || this.#gap) this.#turn();
    }
    if (!this.#gap && !this.#append(type, chunk)) {
      if (this.#tail.isKnown) this.#turn();
      if (!this.#append(type, chunk)) this.#beginGap();
    }
    this.#lastWindow = window;
    this.#nextWindow = window === 0 ? 1 : 0;
    this.#tail.push(chunk);
  }

  #beginGap(): void {
    this.#gap = true;
    if (!this.#append(JOURNAL_RECORD.gap, NOTHING)) this.#noteIncomplete(true);
  }

  received(open: OpenReply): void {
    open.place = this.#open.length;
    this.#open.push(open);
    // The bytes of this message are in no record, so the caller is known by the reply subject only.
    if (this.#gap && !this.#append(JOURNAL_RECORD.open, Buffer.from(open.reply, 'utf8'))) this.#turn();
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
    this.#write(Uint8Array.of(this.#adoptions), 1, JOURNAL.adoptionsOffset);
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
    for (const invocation of started) text += `\n${invocation.reply}`;
    this.#appendText(JOURNAL_RECORD.enter, text);
  }

  /** Written with what is answered next: until then nothing but a signal from outside can end the process. */
  leave(): void {
    this.#left = true;
    this.#planFlush();
  }

  enterHeavy(slot: number, functionId: string, started: readonly Invocation[]): void {
    const replies = started.map(({ reply }) => reply);
    this.#appendText(JOURNAL_RECORD.enterHeavy, [slot, functionId, ...replies].join('\n'));
    this.#heavy.set(slot, { functionId, replies });
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
    if (!this.#append(JOURNAL_RECORD.answered, Buffer.from(sent, 'utf8'))) this.#turn();
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
    if (this.#append(type, data)) return;
    this.#turn();
    if (!this.#append(type, data)) this.#noteIncomplete(true);
  }

  /** Writes a record and the mark of the end behind it. @returns whether it is there */
  #append(type: JournalRecordType, data: Uint8Array): boolean {
    const bytes = JOURNAL.recordHeaderBytes + data.length;
    // Room for one more empty record, so that a gap can always be told.
    if (this.#used + bytes + 2 * JOURNAL.recordHeaderBytes > JOURNAL.halfBytes) return false;
    const position = halfOffset(this.#active) + this.#used;
    const scratch = this.#scratch;
    scratch[0] = type;
    scratch.writeUInt32LE(data.length, 1);
    const parts =
      bytes + JOURNAL.recordHeaderBytes <= SCRATCH_BYTES
        ? undefined
        : [scratch.subarray(0, JOURNAL.recordHeaderBytes), data, this.#end];
    if (parts === undefined) {
      scratch.set(data, JOURNAL.recordHeaderBytes);
      scratch.fill(0, bytes, bytes + JOURNAL.recordHeaderBytes);
    }
    const count = this.#write(parts ?? scratch, bytes + JOURNAL.recordHeaderBytes, position);
    if (count >= bytes) {
      this.#used += bytes;
      return true;
    }
    // A record that is there in part must not be read as one.
    if (count > 0) this.#write(this.#end, this.#end.length, position);
    return false;
  }

  /** @returns how many bytes are written */
  #write(data: Uint8Array | Uint8Array[], bytes: number, position: number): number {
    try {
      return Array.isArray(data)
        ? writevSync(this.#fd, data, position)
        : writeSync(this.#fd, data, 0, bytes, position);
    } catch {
      return 0;
    }
  }

  /** Until this is taken back the host runs nothing that it finds in the journal: it may have begun. */
  #noteIncomplete(incomplete: boolean): void {
    if (this.#incomplete === incomplete) return;
    this.#incomplete = incomplete;
    this.#write(Uint8Array.of(incomplete ? 1 : 0), 1, JOURNAL.incompleteOffset);
  }

  /**
   * Begins the other half with what is still open, and with the message that has not ended yet.
   * @returns whether it is begun; when it cannot be written, the present one goes on
   */
  #turn(): boolean {
    const before = { active: this.#active, used: this.#used, gap: this.#gap };
    this.#active = 1 - before.active;
    this.#used = 0;
    const unfinished = this.#atMessageBoundary() ? NOTHING : this.#tail.unfinished();
    this.#gap = unfinished === undefined;
    const begun =
      this.#write(this.#end, this.#end.length, halfOffset(this.#active)) === this.#end.length &&
      this.#appendOpen() &&
      this.#appendHeavy() &&
      this.#appendUnfinished(unfinished) &&
      this.#write(Uint8Array.of(this.#nextWindow), 1, JOURNAL.windowOffset) === 1 &&
      this.#write(Uint8Array.of(this.#active), 1, JOURNAL.activeOffset) === 1;
    if (!begun) {
      this.#active = before.active;
      this.#used = before.used;
      this.#gap = before.gap;
    }
    this.#turnAt = Math.max(TURN_BYTES, 2 * this.#used);
    if (begun) this.#noteIncomplete(false);
    return begun;
  }

  #appendUnfinished(unfinished: Uint8Array | undefined): boolean {
    if (unfinished === undefined) return this.#append(JOURNAL_RECORD.gap, NOTHING);
    return unfinished.length === 0 || this.#append(INBOUND_OF_WINDOW[this.#lastWindow], unfinished);
  }

  #appendOpen(): boolean {
    // What has been answered and is not on record yet will be.
    let replies = this.#answered.isEmpty ? [] : this.#answered.all.split('\n');
    let whole = true;
    const write = (): void => {
      whole &&= this.#append(JOURNAL_RECORD.open, Buffer.from(replies.join('\n'), 'utf8'));
      replies = [];
    };
    for (const { reply } of this.#open) {
      replies.push(reply);
      if (replies.length >= OPEN_PER_RECORD) write();
    }
    if (replies.length > 0) write();
    return whole;
  }

  #appendHeavy(): boolean {
    let whole = true;
    const open = new Set(this.#heavy.size === 0 ? [] : this.#open.map(({ reply }) => reply));
    for (const [slot, { functionId, replies }] of this.#heavy) {
      const waiting = replies.filter((reply) => open.has(reply));
      const text = [slot, functionId, ...waiting].join('\n');
      whole &&= this.#append(JOURNAL_RECORD.enterHeavy, Buffer.from(text, 'utf8'));
    }
    return whole;
  }
}
