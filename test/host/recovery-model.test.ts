/** The journal's writer and its reader together, against a model of a cell that dies at any moment. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { JournalWriter } from '../../src/cell/journal-writer.ts';
import {
  halfOffset,
  type Invocation,
  JOURNAL,
  JOURNAL_FILE_BYTES,
  JOURNAL_WINDOWS,
  toFill,
} from '../../src/core/index.ts';
import { JournalFile } from '../../src/host/cells/journal-file.ts';
import { OpenReplies } from '../support/open-replies.ts';
import { recover } from './support/journal.ts';

type Step =
  | { readonly do: 'read'; readonly bytes: number }
  | { readonly do: 'enter'; readonly count: number }
  | { readonly do: 'leave' }
  | { readonly do: 'answer'; readonly which: number }
  | { readonly do: 'refuse' }
  | { readonly do: 'turn' };

/** The last thing that a cell does: it reads so many bytes into a window, and gets so far with them. */
interface LastRead {
  readonly bytes: number;
  /** On record means that the window still holds the bytes, too. */
  readonly reached: 'window' | 'record';
}

const lastRead: fc.Arbitrary<LastRead> = fc.record({
  bytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })),
  reached: fc.constantFrom('window' as const, 'record' as const),
});

interface Sent {
  readonly reply: string;
  readonly bytes: Buffer;
  /** Where the message ends in the stream. */
  readonly end: number;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('read' as const), bytes: fc.integer({ min: 1, max: 120 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('enter' as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'leave' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'refuse' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'turn' as const }) },
);

function stream(payloads: readonly string[]): { readonly messages: readonly Sent[]; readonly bytes: Buffer } {
  const messages: Sent[] = [];
  let end = 0;
  for (const [index, payload] of payloads.entries()) {
    // Every fourth caller waits for no reply.
    const reply = index % 4 === 3 ? '' : `r${index}`;
    const bytes = Buffer.from(
      `MSG s 1 ${reply}${reply && ' '}${Buffer.byteLength(payload)}\r\n${payload}\r\n`,
    );
    end += bytes.length;
    messages.push({ reply, bytes, end });
  }
  return { messages, bytes: Buffer.concat(messages.map(({ bytes }) => bytes)) };
}

function begun(reply: string): Invocation {
  const done = (): void => undefined;
  return {
    triggerIndex: 0,
    subject: 's',
    reply,
    headers: undefined,
    data: new Uint8Array(0),
    succeed: done,
    fail: done,
  };
}

/** More than the records of one life. */
const RECORD_BYTES = 64 * 1024;

/** What the journal file reads as, without the megabytes of zeros behind the records of each life. */
function readJournalFile({ fd }: JournalFile): Uint8Array {
  const bytes = Buffer.alloc(JOURNAL_FILE_BYTES);
  const take = (start: number, count: number): void => void readSync(fd, bytes, start, count, start);
  take(0, JOURNAL.headerBytes);
  take(halfOffset(bytes[JOURNAL.activeOffset] === 1 ? 1 : 0), RECORD_BYTES);
  take(JOURNAL_WINDOWS.offset, JOURNAL_WINDOWS.bytes);
  return bytes;
}

const lookup = (): { functionId: string; triggerKey: string } => ({ functionId: 'f', triggerKey: 'a' });

/** Lets a cell live through `steps`, kills it, and says what became of each caller. */
async function liveAndDie(payloads: readonly string[], steps: readonly Step[], last: LastRead) {
  using file = new JournalFile();
  const { messages, bytes } = stream(payloads);
  let readTo = 0;
  let parsed = 0;
  let window: 0 | 1 = 0;
  const atBoundary = (): boolean => readTo === 0 || messages.some(({ end }) => end === readTo);
  const writer = new JournalWriter(file.fd, atBoundary);
  const callers = new OpenReplies(writer);
  const empty = toFill(randomBytes(JOURNAL.windowBytes));
  for (const part of [0, 1, 2])
    writeSync(file.fd, empty, 0, empty.length, JOURNAL_WINDOWS.offset + part * JOURNAL.windowBytes);
  /** What the kernel does at a read, and what the reader does when it has put the bytes on record. */
  const fill = (chunk: Uint8Array): void =>
    void writeSync(file.fd, chunk, 0, chunk.length, JOURNAL_WINDOWS.offset + window * JOURNAL.windowBytes);
  const waiting: string[] = [];
  const running: string[] = [];
  const answered: string[] = [];
  const everBegun = new Set<string>();
  for (const now of steps) {
    switch (now.do) {
      case 'read': {
        const chunk = bytes.subarray(readTo, readTo + now.bytes);
        if (chunk.length === 0) break;
        fill(chunk);
        writer.inbound(chunk, window);
        fill(empty.subarray(0, chunk.length));
        window = window === 0 ? 1 : 0;
        readTo += chunk.length;
        for (; (messages[parsed]?.end ?? Number.POSITIVE_INFINITY) <= readTo; parsed += 1) {
          const { reply } = messages[parsed] ?? { reply: '' };
          if (reply !== '') callers.received(reply);
          waiting.push(reply);
        }
        break;
      }
      case 'enter': {
        const started = waiting.splice(0, now.count);
        writer.enter('f', started.map(begun));
        for (const reply of started) everBegun.add(reply);
        running.push(...started.filter((reply) => reply !== ''));
        break;
      }
      case 'leave':
        writer.leave();
        break;
      case 'answer': {
        const [reply] = running.splice(now.which % Math.max(running.length, 1), 1);
        if (reply === undefined) break;
        callers.answered(reply);
        answered.push(reply);
        break;
      }
      case 'refuse': {
        const reply = waiting.pop();
        if (reply === undefined || reply === '') break;
        callers.answered(reply);
        answered.push(reply);
        break;
      }
      case 'turn':
        if (atBoundary()) writer.startStream();
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
  const chunk = bytes.subarray(readTo, readTo + last.bytes);
  fill(chunk);
  if (last.reached === 'record' && chunk.length > 0) writer.inbound(chunk, window);
  readTo += chunk.length;
  const { open, unstarted } = recover(readJournalFile(file), bytes.subarray(readTo), lookup);
  return { messages, answered, open, unstarted, everBegun };
}

test('Wherever a cell dies, each caller is answered, open or unstarted, and exactly one of these', async () => {
  const payload = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('\r\n', 'MSG s 1 r0 0\r\n\r\n', '', 'x'.repeat(200), '\u0000', '\u0000'.repeat(150)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(payload, { minLength: 1, maxLength: 12 }),
      fc.array(step, { maxLength: 40 }),
      lastRead,
      async (payloads, steps, last) => {
        const { messages, answered, open, unstarted, everBegun } = await liveAndDie(payloads, steps, last);
        const owed = [...answered, ...open.map(({ reply }) => reply), ...unstarted.map(({ reply }) => reply)];
        const callers = messages.map(({ reply }) => reply).filter((reply) => reply !== '');
        assert.deepEqual(owed.toSorted(), callers.toSorted());
        for (const { reply } of unstarted) assert.ok(!everBegun.has(reply), `${reply} would run twice`);
        for (const { reply, data } of unstarted)
          assert.equal(Buffer.from(data).toString(), payloads[Number(reply.slice(1))]);
        for (const { reply, functionId } of open)
          if (functionId === 'f') assert.ok(everBegun.has(reply), `${reply} had not begun`);
      },
    ),
    { numRuns: 300 },
  );
});

interface Shared {
  readonly index: number;
  readonly functionId: string;
  readonly reply: string;
}

/** Like `liveAndDie`, with callers that share two reply subjects and two functions, whole messages at a time. */
async function liveAndDieShared(kinds: readonly number[], steps: readonly Step[]) {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  const callers = new OpenReplies(writer);
  const all: readonly Shared[] = kinds.map((kind, index) => ({
    index,
    functionId: kind % 2 === 0 ? 'f' : 'g',
    reply: kind < 2 ? 'r0' : 'r1',
  }));
  const bytesOf = ({ index, functionId, reply }: Shared): Buffer =>
    Buffer.from(`MSG s ${functionId === 'f' ? 1 : 2} ${reply} ${String(index).length}\r\n${index}\r\n`);
  let received = 0;
  const waiting: Shared[] = [];
  const running: Shared[] = [];
  const everBegun = new Set<string>();
  const answered: string[] = [];
  for (const now of steps) {
    if (now.do === 'read') {
      const next = all.slice(received, received + 1 + (now.bytes % 3));
      if (next.length > 0) writer.inbound(Buffer.concat(next.map(bytesOf)));
      for (const { reply } of next) callers.received(reply);
      waiting.push(...next);
      received += next.length;
    } else if (now.do === 'enter') {
      const functionId = now.count % 2 === 0 ? 'f' : 'g';
      const started = waiting.filter((message) => message.functionId === functionId).slice(0, now.count);
      writer.enter(
        functionId,
        started.map(({ reply }) => begun(reply)),
      );
      for (const message of started) {
        waiting.splice(waiting.indexOf(message), 1);
        running.push(message);
        everBegun.add(String(message.index));
      }
    } else if (now.do === 'leave') writer.leave();
    else if (now.do === 'answer') {
      const [done] = running.splice(now.which % Math.max(running.length, 1), 1);
      if (done === undefined) continue;
      callers.answered(done.reply);
      answered.push(done.reply);
    } else if (now.do === 'turn') writer.startStream();
  }
  await new Promise((resolve) => setImmediate(resolve));
  const unread = Buffer.concat(all.slice(received).map(bytesOf));
  const recovered = recover(file.read(), unread, (sid) => ({
    functionId: sid === 1 ? 'f' : 'g',
    triggerKey: 'a',
  }));
  return { all, answered, everBegun, ...recovered };
}

test('Callers that share reply subjects are owed as many answers as they sent, and nothing runs twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }),
      fc.array(step, { maxLength: 40 }),
      async (kinds, steps) => {
        const { all, answered, open, unstarted, everBegun } = await liveAndDieShared(kinds, steps);
        const owed = [...answered, ...open.map(({ reply }) => reply), ...unstarted.map(({ reply }) => reply)];
        assert.deepEqual(owed.toSorted(), all.map(({ reply }) => reply).toSorted());
        for (const { data } of unstarted)
          assert.ok(!everBegun.has(Buffer.from(data).toString()), `${data} would run twice`);
      },
    ),
    { numRuns: 400 },
  );
});
