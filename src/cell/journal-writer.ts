import { writeSync, writevSync } from 'node:fs';
import {
  halfOffset,
  type Invocation,
  JOURNAL,
  JOURNAL_RECORD,
  type JournalRecordType,
} from '../core/index.ts';
import type { EntryJournal } from '../runtime/index.ts';

/** The half is changed once it is so full, at the next moment that allows it. */
const TURN_BYTES = JOURNAL.halfBytes / 2;

/**
 * Writes the in-flight journal. Every write is one `pwrite` into the page cache, about half a
 * microsecond, and there it stays whatever becomes of this process.
 */
export class JournalWriter implements EntryJournal {
  readonly #fd: number;
  readonly #atMessageBoundary: () => boolean;
  readonly #header = Buffer.alloc(JOURNAL.recordHeaderBytes);
  /** How often each reply subject is open: received and not answered. */
  readonly #open = new Map<string, number>();
  #active = 0;
  #used = 0;
  #gap = false;
  #answered = '';
  #answeredPlanned = false;

  /** @param atMessageBoundary whether all bytes journaled so far end with a whole protocol message */
  constructor(fd: number, atMessageBoundary: () => boolean) {
    this.#fd = fd;
    this.#atMessageBoundary = atMessageBoundary;
  }

  /** A new connection begins: what came in on the last one can only be answered for. */
  startStream(): void {
    this.#turn();
  }

  /** Called with each chunk before anything looks into it. */
  inbound(chunk: Uint8Array): void {
    if ((this.#used > TURN_BYTES || this.#gap) && this.#atMessageBoundary()) this.#turn();
    if (this.#gap) return;
    if (!this.#append(JOURNAL_RECORD.inbound, chunk)) {
      this.#gap = true;
      this.#append(JOURNAL_RECORD.gap, new Uint8Array(0));
    }
  }

  received(reply: string): void {
    this.#open.set(reply, (this.#open.get(reply) ?? 0) + 1);
  }

  answered(reply: string): void {
    const count = this.#open.get(reply) ?? 0;
    if (count > 1) this.#open.set(reply, count - 1);
    else this.#open.delete(reply);
    this.#answered += this.#answered === '' ? reply : `\n${reply}`;
    if (this.#answeredPlanned) return;
    this.#answeredPlanned = true;
    // By then the client library has handed the replies to the kernel.
    setImmediate(this.#writeAnswered);
  }

  readonly #writeAnswered = (): void => {
    this.#answeredPlanned = false;
    const text = this.#answered;
    this.#answered = '';
    if (text !== '') this.#appendOrTurn(JOURNAL_RECORD.answered, Buffer.from(text, 'utf8'));
  };

  enter(functionId: string, started: readonly Invocation[]): void {
    let text = functionId;
    for (const invocation of started) text += `\n${invocation.reply}`;
    this.#appendOrTurn(JOURNAL_RECORD.enter, Buffer.from(text, 'utf8'));
  }

  leave(): void {
    this.#appendOrTurn(JOURNAL_RECORD.leave, new Uint8Array(0));
  }

  #appendOrTurn(type: JournalRecordType, data: Uint8Array): void {
    if (this.#append(type, data)) return;
    this.#turn();
    this.#append(type, data);
  }

  /** @returns whether it fitted, with a header's room left for the mark of the end */
  #append(type: JournalRecordType, data: Uint8Array): boolean {
    const bytes = JOURNAL.recordHeaderBytes + data.length;
    if (this.#used + bytes + 2 * JOURNAL.recordHeaderBytes > JOURNAL.halfBytes) return false;
    this.#header[0] = type;
    this.#header.writeUInt32LE(data.length, 1);
    const position = halfOffset(this.#active) + this.#used;
    if (data.length === 0) writeSync(this.#fd, this.#header, 0, JOURNAL.recordHeaderBytes, position);
    else writevSync(this.#fd, [this.#header, data], position);
    this.#used += bytes;
    return true;
  }

  /** Begins the other half with what is still open. */
  #turn(): void {
    const boundary = this.#atMessageBoundary();
    const next = 1 - this.#active;
    this.#active = next;
    this.#used = 0;
    this.#gap = !boundary;
    writeSync(
      this.#fd,
      new Uint8Array(JOURNAL.recordHeaderBytes),
      0,
      JOURNAL.recordHeaderBytes,
      halfOffset(next),
    );
    const replies: string[] = [];
    for (const [reply, count] of this.#open)
      for (let index = 0; index < count; index += 1) replies.push(reply);
    const open = Buffer.from(replies.join('\n'), 'utf8').subarray(0, TURN_BYTES / 2);
    if (open.length > 0) this.#append(JOURNAL_RECORD.open, open);
    if (this.#gap) this.#append(JOURNAL_RECORD.gap, new Uint8Array(0));
    writeSync(this.#fd, Uint8Array.of(next), 0, 1, JOURNAL.activeOffset);
  }
}
