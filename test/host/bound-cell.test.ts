import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JournalWriter } from '../../src/cell/journal-writer.ts';
import {
  type AdoptedMessage,
  createLogger,
  type FunctionSpec,
  HairspringError,
  type NatsEndpoint,
  ReplySubjects,
  silentLogger,
} from '../../src/core/index.ts';
import type { CellAccess, NamespaceAccess } from '../../src/host/accounts/index.ts';
import { BoundCell } from '../../src/host/cells/bound-cell.ts';
import type { CellProcess } from '../../src/host/cells/cell-process.ts';
import { JournalFile } from '../../src/host/cells/journal-file.ts';
import type { SecretSource } from '../../src/host/secrets/index.ts';
import { OpenReplies } from '../support/open-replies.ts';
import { createSpec } from '../support/spec.ts';

const messages: readonly AdoptedMessage[] = ['r1', 'r2'].map((reply) => ({
  functionId: 'f',
  triggerKey: 'a',
  subject: 's',
  reply,
  headers: [],
  data: new Uint8Array(0),
}));
const replies = messages.map(({ reply }) => reply);

/** A cell that dies when it is told to take messages over, after it has done `first`. */
function dyingCell(journal: JournalFile, first: () => Promise<void> | void): BoundCell {
  const cell = {
    id: 'c1',
    journal,
    exited: Promise.resolve({ code: null, signal: 'SIGKILL', stderr: '', killReason: 0 }),
    kill: () => undefined,
    async command() {
      await first();
      throw new HairspringError('HS_CELL_LOST', 'Cell c1 died');
    },
  } as unknown as CellProcess;
  const access = {
    forCell: () => ({ credentialFor: () => undefined, withdraw: () => undefined }),
  } as unknown as NamespaceAccess;
  return new BoundCell(cell, access, {
    secrets: { sealedFor: () => ({}) } as unknown as SecretSource,
    logger: createLogger(() => undefined, 'error'),
    replySubjects: new ReplySubjects(['r1', 'r2']),
  });
}

test('Of messages that a dying cell was to take over, each is answered for once: by its journal, or by who gave it', async () => {
  const steps = {
    'nothing was received': [() => undefined, 0, 2],
    'some are on record': [(writer: JournalWriter) => writer.adopting(['r1']), 1, 1],
    'all are on record': [(writer: JournalWriter) => writer.adopting(replies), 2, 0],
    'all were received': [
      (writer: JournalWriter) => {
        writer.adopting(replies);
        writer.adopted();
      },
      2,
      0,
    ],
  } as const;
  for (const [step, [happens, open, lost]] of Object.entries(steps)) {
    using journal = new JournalFile();
    const bound = dyingCell(journal, () => happens(new JournalWriter(journal.fd, () => true)));
    assert.equal((await bound.adopt(messages)).length, lost, step);
    assert.equal(bound.recovered.open.length, open, step);
  }
});

test('A cell that dies before it has told what it subscribed owes an answer to all who sent something there', async () => {
  using journal = new JournalFile();
  const bound = dyingCell(journal, () => {
    const writer = new JournalWriter(journal.fd, () => true);
    writer.inbound(Buffer.from('MSG s 3 r1 2\r\nhi\r\n'));
  });
  await assert.rejects(bound.activate([]), { code: 'HS_CELL_LOST' });
  bound.recovered.add(Buffer.from('MSG s 3 r2 2\r\nhi\r\n'));
  const { unstarted } = bound.recovered;
  assert.deepEqual(
    unstarted.map(({ functionId, reply }) => [functionId, reply]),
    [
      ['', 'r1'],
      ['', 'r2'],
    ],
  );
});

test('Messages that were taken over and answered are not answered again when the half of the journal has changed since', async () => {
  using journal = new JournalFile();
  const bound = dyingCell(journal, async () => {
    const writer = new JournalWriter(journal.fd, () => true);
    const callers = new OpenReplies(writer);
    writer.adopting(replies);
    for (const reply of replies) callers.received(reply);
    writer.adopted();
    for (const reply of replies) callers.answered(reply);
    await new Promise((resolve) => setImmediate(resolve));
    writer.startStream();
  });
  assert.deepEqual(await bound.adopt(messages), []);
  assert.deepEqual(bound.recovered.open, []);
});

test('Credentials are renewed for the versions that are served when the cell may connect with its own', async () => {
  using journal = new JournalFile();
  const [before, after] = [createSpec(), createSpec()];
  let served: readonly FunctionSpec[] = [before];
  const { promise: endpoint, resolve } = Promise.withResolvers<NatsEndpoint>();
  const renewed: FunctionSpec[] = [];
  const cell = {
    id: 'c1',
    journal,
    command: async () => null,
    whileAlive: (value: Promise<unknown>) => value,
  } as unknown as CellProcess;
  const own: CellAccess = {
    isWorn: false,
    connectAs: () => endpoint,
    renewed: () => undefined,
    credentialFor: (spec) => {
      renewed.push(spec);
      return undefined;
    },
    withdraw: () => undefined,
  };
  const access = { forCell: () => own } as unknown as NamespaceAccess;
  const bound = new BoundCell(cell, access, {
    secrets: {} as SecretSource,
    logger: silentLogger,
    replySubjects: new ReplySubjects(),
  });
  const done = bound.renew(
    () => served,
    (_endpoint, change) => change(),
  );
  served = [after];
  resolve({ servers: [] });
  await done;
  assert.equal(renewed.length, 1);
  assert.equal(renewed[0], after);
});
