import { writeSync, writevSync } from 'node:fs';
import {
  halfOffset,
  type Invocation,
  JOURNAL,
  JOURNAL_RECORD,
  type JournalRecordType,
} from '../core/index.ts';
import type { EntryJournal } from '../runtime/index.ts';

/** The half is changed once it holds this much, or twice what is open if that is more, at the next moment that allows it. */
const TURN_BYTES = 1024 ** 2;
/** Records up to this size are put together in one buffer; larger ones are gathered by the kernel. */
const SCRATCH_BYTES = 64 * 1024;
/** Reply subjects of one record of what is open. */
const OPEN_PER_RECORD = 1_000;

/**
 * Writes the in-flight journal. Every write is one `pwrite` into the page cache, about half a
 * microsecond, and there it stays whatever becomes of this process.
 */
export class JournalWriter implements EntryJournal {
  readonly #fd: number;
  readonly #atMessageBoundary: () => boolean;
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES);
  /** The header of a record that is none: where the next one will be. */
  readonly #end = Buffer.alloc(JOURNAL.recordHeaderBytes);
  /** How often each reply subject is open: received and not answered. */
  readonly #open = new Map<string, number>();
  #active = 0;
  #used = 0;
  #turnAt = TURN_BYTES;
  #gap = false;
  #answered = '';
  #left = false;
  #flushPlanned = false;

  /** @param atMessageBoundary whether all bytes journaled so far end with a whole protocol message */
  constructor(fd: number, atMessageBoundary: () => boolean) {
    this.#fd = fd;
    this.#atMessageBoundary = atMessageBoundary;
  }

  /** A new connection begins: what came in on the last one can only be answered for. */
  startStream(): void {
    this.#turn(true);
  }

  /** Called with each chunk before anything looks into it. */
  inbound(chunk: Uint8Array): void {
    if ((this.#used > this.#turnAt || this.#gap) && this.#atMessageBoundary()) this.#turn(true);
    if (this.#gap || this.#append(JOURNAL_RECORD.inbound, chunk)) return;
    this.#gap = true;
    this.#append(JOURNAL_RECORD.gap, this.#end.subarray(0, 0));
  }

  received(reply: string): void {
    this.#open.set(reply, (this.#open.get(reply) ?? 0) + 1);
    // The bytes of this message are in no record, so the caller is known by the reply subject only.
    if (this.#gap && !this.#append(JOURNAL_RECORD.open, Buffer.from(reply, 'utf8'))) this.#turn(false);
  }

  /** Messages of a dead cell come in beside the connection: they are open from now on. */
  adopting(replies: readonly string[]): void {
    if (this.#gap) return; // `received` tells each of them.
    const waiting = replies.filter((reply) => reply !== '');
    for (let at = 0; at < waiting.length; at += OPEN_PER_RECORD) {
      this.#appendText(JOURNAL_RECORD.open, waiting.slice(at, at + OPEN_PER_RECORD).join('\n'));
    }
  }

  answered(reply: string): void {
    const count = this.#open.get(reply) ?? 0;
    if (count > 1) this.#open.set(reply, count - 1);
    else this.#open.delete(reply);
    this.#answered += this.#answered === '' ? reply : `\n${reply}`;
    this.#planFlush();
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

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    // By then the client library has handed the replies to the kernel.
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushPlanned = false;
    const answered = this.#answered;
    this.#answered = '';
    if (answered !== '') {
      // A half that is begun now does not list them as open.
      if (!this.#append(JOURNAL_RECORD.answered, Buffer.from(answered, 'utf8')))
        this.#turn(this.#atMessageBoundary());
    } else if (this.#left) this.#appendText(JOURNAL_RECORD.leave, '');
    this.#left = false;
  };

  #appendText(type: JournalRecordType, text: string): void {
    const data = Buffer.from(text, 'utf8');
    if (this.#append(type, data)) return;
    this.#turn(this.#atMessageBoundary());
    this.#append(type, data);
  }

  /** Writes a record and the mark of the end behind it. @returns whether it fitted */
  #append(type: JournalRecordType, data: Uint8Array): boolean {
    const bytes = JOURNAL.recordHeaderBytes + data.length;
    // Room for one more empty record, so that a gap can always be told.
    if (this.#used + bytes + 2 * JOURNAL.recordHeaderBytes > JOURNAL.halfBytes) return false;
    const position = halfOffset(this.#active) + this.#used;
    const scratch = this.#scratch;
    scratch[0] = type;
    scratch.writeUInt32LE(data.length, 1);
    if (bytes + JOURNAL.recordHeaderBytes <= SCRATCH_BYTES) {
      scratch.set(data, JOURNAL.recordHeaderBytes);
      scratch.fill(0, bytes, bytes + JOURNAL.recordHeaderBytes);
      writeSync(this.#fd, scratch, 0, bytes + JOURNAL.recordHeaderBytes, position);
    } else {
      writevSync(this.#fd, [scratch.subarray(0, JOURNAL.recordHeaderBytes), data, this.#end], position);
    }
    this.#used += bytes;
    return true;
  }

  /** Begins the other half with what is still open. */
  #turn(atBoundary: boolean): void {
    const next = 1 - this.#active;
    this.#active = next;
    this.#used = 0;
    this.#gap = !atBoundary;
    writeSync(this.#fd, this.#end, 0, this.#end.length, halfOffset(next));
    // What has been answered and is not on record yet will be.
    let replies = this.#answered === '' ? [] : this.#answered.split('\n');
    const write = (): void => {
      this.#append(JOURNAL_RECORD.open, Buffer.from(replies.join('\n'), 'utf8'));
      replies = [];
    };
    for (const [reply, count] of this.#open) {
      for (let index = 0; index < count; index += 1) replies.push(reply);
      if (replies.length >= OPEN_PER_RECORD) write();
    }
    if (replies.length > 0) write();
    this.#turnAt = Math.max(TURN_BYTES, 2 * this.#used);
    if (this.#gap) this.#append(JOURNAL_RECORD.gap, this.#end.subarray(0, 0));
    writeSync(this.#fd, Uint8Array.of(next), 0, 1, JOURNAL.activeOffset);
  }
}
