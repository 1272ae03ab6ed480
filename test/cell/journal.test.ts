import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { JournalWriter } from '../../src/cell/journal-writer.ts';
import { IMMEDIATE_OUTPUT } from '../../src/cell/sent-replies.ts';
import { halfOffset, type Invocation, JOURNAL, JOURNAL_RECORD, readJournal } from '../../src/core/index.ts';
import { JournalFile } from '../../src/host/cells/journal-file.ts';
import { until } from '../support/load.ts';
import { OpenReplies } from '../support/open-replies.ts';

interface Read {
  readonly type: number;
  readonly text: string;
}

function read(file: JournalFile): Read[] {
  return [...readJournal(file.read())].map(({ type, data }) => ({
    type,
    text: Buffer.from(data).toString('latin1'),
  }));
}

const begun = (...replies: string[]): readonly Invocation[] =>
  replies.map((reply) => ({
    triggerIndex: 0,
    subject: 's',
    reply,
    headers: undefined,
    data: new Uint8Array(0),
    succeed: () => undefined,
    fail: () => undefined,
  }));

const flushed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const { inbound, enter, leave, answered, open, gap } = JOURNAL_RECORD;

test('A new journal holds nothing', () => {
  using file = new JournalFile();
  assert.deepEqual(read(file), []);
  assert.equal(file.killReason, 0);
});

test('What is written is read back in its order', async () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  const callers = new OpenReplies(writer);
  writer.inbound(Buffer.from([0, 255]));
  writer.enter('f', begun('r1', 'r2'));
  writer.leave();
  await flushed();
  writer.enter('g', begun());
  writer.leave();
  callers.answered('r1');
  callers.answered('r2');
  await flushed();
  assert.deepEqual(read(file), [
    { type: inbound, text: '\u0000\u00ff' },
    { type: enter, text: 'f\nr1\nr2' },
    { type: leave, text: '' },
    { type: enter, text: 'g' },
    { type: answered, text: 'r1\nr2' },
  ]);
});

test('Random chunks in random sizes come back whole, whatever the half has been through', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.nat(255)), { maxLength: 12 }),
      (chunks) => {
        writer.startStream();
        for (const [size, fill] of chunks) writer.inbound(Buffer.alloc(size, fill));
        const records = read(file);
        assert.deepEqual(
          records.map(({ type, text }) => [type, text.length, text.charCodeAt(0) || 0]),
          chunks.map(([size, fill]) => [inbound, size, size === 0 ? 0 : fill]),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('A half that is used again shows nothing of what it held before', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  for (let index = 0; index < 50; index += 1) writer.enter(`old-${index}`, begun(`r${index}`));
  writer.startStream();
  writer.enter('other', begun());
  writer.startStream();
  writer.enter('new', begun('r'));
  assert.deepEqual(read(file), [{ type: enter, text: 'new\nr' }]);
});

test('An answer is on record once the kernel has taken it, and not before', async () => {
  using file = new JournalFile();
  let sent = false;
  const writer = new JournalWriter(file.fd, () => true, {
    ...IMMEDIATE_OUTPUT,
    isAllSent: () => sent,
    givenBytes: () => 10,
  });
  const callers = new OpenReplies(writer);
  writer.enter('f', begun('r1'));
  callers.answered('r1');
  await flushed();
  assert.deepEqual(
    read(file).map(({ type }) => type),
    [enter],
  );
  sent = true;
  await until('it is on record', () => read(file).length === 2);
  assert.deepEqual(read(file)[1], { type: answered, text: 'r1' });
});

test('A full half is left at the next boundary between messages, and what is open goes along', async () => {
  using file = new JournalFile();
  let boundary = false;
  const writer = new JournalWriter(file.fd, () => boundary);
  const callers = new OpenReplies(writer);
  for (const reply of ['r2', 'r2', 'r3', 'r1']) callers.received(reply);
  callers.answered('r1');
  await flushed();
  writer.inbound(Buffer.alloc(JOURNAL.halfBytes / 2, 'x'));
  writer.inbound(Buffer.from('the rest of it'));
  assert.equal(file.read()[JOURNAL.activeOffset], 0);
  boundary = true;
  writer.inbound(Buffer.from('first of the new half'));
  assert.equal(file.read()[JOURNAL.activeOffset], 1);
  assert.deepEqual(read(file), [
    { type: open, text: 'r2\nr2\nr3' },
    { type: inbound, text: 'first of the new half' },
  ]);
});

test('An answer that is not on record yet when the half changes is on record after it', async () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  const callers = new OpenReplies(writer);
  callers.received('r1');
  callers.answered('r1');
  writer.startStream();
  assert.deepEqual(read(file), [{ type: open, text: 'r1' }]);
  await flushed();
  assert.deepEqual(read(file), [
    { type: open, text: 'r1' },
    { type: answered, text: 'r1' },
  ]);
});

test('A half that fills up in the middle of a message notes the gap, and who is received in it', () => {
  using file = new JournalFile();
  let boundary = true;
  const writer = new JournalWriter(file.fd, () => boundary);
  const callers = new OpenReplies(writer);
  boundary = false;
  const chunk = Buffer.alloc(JOURNAL.halfBytes / 4, 'x');
  for (let index = 0; index < 5; index += 1) writer.inbound(chunk);
  callers.received('in-the-gap');
  const types = read(file).map(({ type }) => type);
  assert.deepEqual(types, [inbound, inbound, inbound, gap, open]);
  assert.equal(read(file).at(-1)?.text, 'in-the-gap');
  boundary = true;
  writer.inbound(Buffer.from('whole again'));
  assert.deepEqual(read(file), [
    { type: open, text: 'in-the-gap' },
    { type: inbound, text: 'whole again' },
  ]);
});

test('A half that fills up in the middle of a message takes the unfinished one into the next, and no other', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => false);
  const size = Math.floor(JOURNAL.halfBytes / 40);
  const message = `MSG s 1 r ${size}\r\n${'x'.repeat(size)}\r\n`;
  const stream = `PING\r\n${message.repeat(50)}`;
  let at = 0;
  for (; file.read()[JOURNAL.activeOffset] === 0; at += 100_000) {
    assert.ok(at < stream.length);
    writer.inbound(Buffer.from(stream.slice(at, at + 100_000)));
  }
  const records = read(file);
  assert.deepEqual(
    records.map(({ type }) => type),
    [inbound, inbound],
  );
  const text = records.map((record) => record.text).join('');
  const before = at - 100_000;
  const start = before - ((before - 'PING\r\n'.length) % message.length);
  assert.ok(text === stream.slice(start, at), `${text.length} bytes, not ${at - start}`);
});

test('A file that takes no more bytes is told of, throws nothing, and is whole again when it does', () => {
  using file = new JournalFile();
  const full = openSync('/dev/full', 'w');
  try {
    const writer = new JournalWriter(full, () => true);
    const callers = new OpenReplies(writer);
    writer.startStream();
    writer.inbound(Buffer.from('chunk'));
    callers.received('r');
    writer.adopting(['a']);
    writer.enter('f', begun('r'));
    writer.leave();
  } finally {
    closeSync(full);
  }
  const writer = new JournalWriter(file.fd, () => true);
  // No half holds this.
  writer.enter('f', begun('r'.repeat(JOURNAL.halfBytes)));
  assert.equal(file.read()[JOURNAL.incompleteOffset], 1);
  writer.startStream();
  assert.equal(file.read()[JOURNAL.incompleteOffset], 0);
});

test('Small records fill a half as well, and none of them is lost at the change', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  const replies = Array.from({ length: 400 }, (_, index) => `${'r'.repeat(500)}${index}`);
  const rounds = Math.ceil(JOURNAL.halfBytes / (replies.length * 500));
  for (let round = 0; round <= rounds; round += 1) {
    writer.enter(`f${round}`, begun(...replies));
    const last = round > rounds - 4 ? read(file).at(-1) : undefined;
    if (last !== undefined)
      assert.deepEqual(last, { type: enter, text: [`f${round}`, ...replies].join('\n') });
  }
  assert.equal(file.read()[JOURNAL.activeOffset], 1);
});

test('However many calls are open when the half changes, all of them are on record', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  const callers = new OpenReplies(writer);
  const replies = Array.from({ length: 60_000 }, (_, index) => `_INBOX.abcdefghijklmnopqrstuvw.${index}`);
  for (const reply of replies) callers.received(reply);
  writer.startStream();
  const kept = read(file).flatMap(({ type, text }) => (type === open ? text.split('\n') : []));
  assert.deepEqual(kept, replies);
});

test('Adopted messages are on record as open before they are begun', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  writer.adopting(['r1', '', 'r2']);
  assert.deepEqual(read(file), [{ type: open, text: 'r1\nr2' }]);
});

test('A journal that is torn anywhere yields whole records only, and never more than were written', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  for (let index = 0; index < 20; index += 1) writer.enter(`function-${index}`, begun(`reply-${index}`));
  const whole = file.read();
  const texts = read(file).map(({ text }) => text);
  const end = halfOffset(0) + texts.reduce((sum, text) => sum + JOURNAL.recordHeaderBytes + text.length, 0);
  fc.assert(
    fc.property(fc.integer({ min: halfOffset(0), max: end }), (at) => {
      const torn = whole.slice(0, halfOffset(0) + 4_096);
      torn.fill(0, at);
      const records = [...readJournal(torn)].map(({ data }) => Buffer.from(data).toString('latin1'));
      assert.ok(records.length <= texts.length);
      // The last one may have lost its end: its bytes were still to come.
      for (const [index, text] of records.slice(0, -1).entries()) assert.equal(text, texts[index]);
    }),
    { numRuns: 300 },
  );
});

test('Noise instead of a journal ends the reading, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
      let bytes = 0;
      for (const { data } of readJournal(noise)) bytes += data.length;
      assert.ok(bytes <= noise.length);
    }),
    { numRuns: 500 },
  );
});

test('A half that is begun while the heavy lane is in use tells of it again, and of nothing that is answered', async () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  const callers = new OpenReplies(writer);
  for (const reply of ['r1', 'r2', 'r3']) callers.received(reply);
  writer.enterHeavy(1, 'f', begun('r1', 'r2'));
  writer.enterHeavy(2, 'g', begun('r3'));
  writer.leaveHeavy(2);
  const { enterHeavy, leaveHeavy } = JOURNAL_RECORD;
  assert.deepEqual(read(file), [
    { type: enterHeavy, text: '1\nf\nr1\nr2' },
    { type: enterHeavy, text: '2\ng\nr3' },
    { type: leaveHeavy, text: '2' },
  ]);
  callers.answered('r2');
  await flushed();
  writer.startStream();
  assert.deepEqual(read(file), [
    { type: open, text: 'r1\nr3' },
    { type: enterHeavy, text: '1\nf\nr1' },
  ]);
});
