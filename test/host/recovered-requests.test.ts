/** What the journal of a dead cell tells of HTTP requests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JournalWriter } from '../../src/cell/journal-writer.ts';
import { type Invocation, JOURNAL } from '../../src/core/index.ts';
import { JournalFile } from '../../src/host/cells/journal-file.ts';
import { Recovery } from '../../src/host/cells/recovery.ts';
import { journal, lookup, replySubjects } from './support/journal.ts';

test('An HTTP request may have begun when it was begun, or when it had come before the half was begun', () => {
  using file = new JournalFile();
  const writer = new JournalWriter(file.fd, () => true);
  const mayHaveBegun = (): readonly number[] => {
    const recovery = new Recovery(file.read(), lookup, replySubjects);
    return [1, 2, 3, 4].filter((id) => recovery.mayHaveBegun(id));
  };
  const begin = (requestId: number): Invocation => ({
    triggerIndex: 0,
    subject: 's',
    reply: '',
    requestId,
    headers: undefined,
    data: new Uint8Array(0),
    succeed: () => undefined,
    fail: () => undefined,
  });
  for (const id of [1, 2, 3]) writer.requested(id);
  writer.enter('f', [begin(2)]);
  assert.deepEqual(mayHaveBegun(), [2]);
  writer.enterHeavy(1, 'f', [begin(1)]);
  assert.deepEqual(mayHaveBegun(), [1, 2]);
  assert.deepEqual(new Recovery(file.read(), lookup, replySubjects).open, []);
  writer.startStream();
  assert.deepEqual(mayHaveBegun(), [1, 2, 3]);
  writer.requested(4);
  writer.enter('f', [begin(4)]);
  assert.deepEqual(mayHaveBegun(), [1, 2, 3, 4]);
});

test('Of a journal that misses records each HTTP request may have begun', () => {
  const bytes = journal([]);
  bytes[JOURNAL.incompleteOffset] = 1;
  assert.ok(new Recovery(bytes, lookup, replySubjects).mayHaveBegun(1));
});
