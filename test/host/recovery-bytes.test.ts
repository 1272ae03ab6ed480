import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers } from '@nats-io/nats-core';
import { JOURNAL, JOURNAL_RECORD, MAX_HEADER_BYTES } from '../../src/core/index.ts';
import { Recovery } from '../../src/host/cells/recovery.ts';
import {
  type Entry,
  journal,
  lookup,
  msg,
  owed,
  recover,
  replySubjects,
  withWindows,
} from './support/journal.ts';

const { inbound, inboundSecond, enter, open } = JOURNAL_RECORD;

test('An unstarted message keeps its subject, headers, payload and trigger', () => {
  const pairs = headers();
  pairs.append('A', '1');
  pairs.append('A', '2');
  pairs.append('b', '');
  const head = Buffer.from('NATS/1.0\r\nA: 1\r\nA: 2\r\nb: \r\n\r\n');
  const data = Buffer.from([0, 255, 13, 10, 0]);
  const line = `HMSG greet.x 2 r1 ${head.length} ${head.length + data.length}\r\n`;
  const bytes = Buffer.concat([Buffer.from(line), head, data, Buffer.from('\r\n')]);
  const { unstarted } = recover(journal([[inbound, bytes]]), new Uint8Array(0), lookup);
  const expected = { functionId: 'g', triggerKey: '2', subject: 'greet.x', reply: 'r1' };
  const [message] = unstarted;
  assert.ok(message !== undefined);
  assert.deepEqual(
    { ...message, data: [...message.data] },
    {
      ...expected,
      headers: [
        ['A', '1'],
        ['A', '2'],
        ['b', ''],
      ],
      data: [...data],
    },
  );
});

test('A message with a malformed header takes no other with it, and one with too many bytes of them runs nowhere', () => {
  const hmsg = (reply: string, head: string): string =>
    `HMSG s 1 ${reply} ${head.length} ${head.length}\r\n${head}\r\n`;
  const bytes =
    hmsg('r1', 'NATS/1.0\r\nbad key: v\r\nok: 1\r\n\r\n') +
    hmsg('r2', `NATS/1.0\r\na: ${'v'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`) +
    msg('r3');
  const { unstarted } = recover(journal([[inbound, bytes]]), new Uint8Array(0), lookup);
  assert.deepEqual(
    unstarted.map(({ reply, functionId }) => [reply, functionId]),
    [
      ['r1', 'f'],
      ['r2', ''],
      ['r3', 'f'],
    ],
  );
  assert.deepEqual(unstarted[0]?.headers, [['ok', '1']]);
});

test('Bytes that are no NATS protocol, as of an encrypted connection, owe nothing and break nothing', () => {
  const noise = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7919) % 256));
  const recovered = recover(
    journal([
      [inbound, noise],
      [enter, 'f\nr1'],
    ]),
    noise,
    lookup,
  );
  assert.deepEqual(owed(recovered), { open: ['r1:f'], unstarted: [], entered: 'f' });
});

test('Bytes that were read and not put on record are unstarted, in whichever window they are', () => {
  const first: readonly Entry[] = [[inbound, msg('r1')]];
  const second: readonly Entry[] = [...first, [inboundSecond, msg('r2')]];
  const told = (file: Uint8Array): readonly string[] =>
    owed(recover(file, Buffer.from(msg('r9')), lookup)).unstarted;
  assert.deepEqual(told(withWindows([], msg('r1'))), ['r1', 'r9']);
  assert.deepEqual(told(withWindows(first, '', msg('r2'))), ['r1', 'r2', 'r9']);
  assert.deepEqual(told(withWindows(second, msg('r3'), '')), ['r1', 'r2', 'r3', 'r9']);
});

test('Bytes that are on record and still in their window count once', () => {
  const { unstarted } = recover(
    withWindows([[inbound, msg('r1')]], msg('r1')),
    Buffer.from(msg('r2')),
    lookup,
  );
  assert.deepEqual(
    unstarted.map(({ reply }) => reply),
    ['r1', 'r2'],
  );
});

test('A half without inbound records leaves it to the header which window was read into', () => {
  const file = withWindows([[open, 'r0']], '', msg('r1'));
  file[JOURNAL.windowOffset] = 1;
  assert.deepEqual(owed(recover(file, new Uint8Array(0), lookup)).unstarted, ['r1']);
});

test('A payload that was read in part is whole again, wherever the read ended', () => {
  const payload = Buffer.concat([
    Buffer.from('head'),
    Buffer.alloc(12),
    Buffer.from('tail'),
    Buffer.alloc(3),
  ]);
  const stream = Buffer.concat([
    Buffer.from(`MSG s.1 1 r1 ${payload.length}\r\n`),
    payload,
    Buffer.from(`\r\n${msg('r2', 'more')}`),
  ]);
  for (let at = 17; at < stream.length; at += 1) {
    const { unstarted } = recover(withWindows([], stream.subarray(0, at)), stream.subarray(at), lookup);
    assert.deepEqual(
      unstarted.map(({ reply }) => reply),
      ['r1', 'r2'],
      `read up to ${at}`,
    );
    assert.ok(payload.equals(unstarted[0]?.data ?? new Uint8Array(0)), `read up to ${at}`);
  }
});

test('What a sender writes into a payload is no message, wherever the last read and the unread bytes end', () => {
  const payload = `x\r\n${msg('forged', 'x')}\0\0\r\nPONG\r\n${msg('forged')}`;
  const stream = Buffer.from(`${msg('r0')}${msg('r1', payload)}${msg('r2')}PONG\r\n`);
  const last = stream.length;
  for (let at = 0; at <= last; at += 1) {
    const onRecord = journal([[inbound, stream.subarray(0, at)]]);
    const whole = owed(recover(onRecord, stream.subarray(at), lookup)).unstarted;
    assert.deepEqual(whole, ['r0', 'r1', 'r2'], `on record up to ${at}`);
    const bytewise = new Recovery(onRecord, lookup, replySubjects);
    for (let next = at; next < last; next += 1) bytewise.add(stream.subarray(next, next + 1));
    bytewise.end();
    assert.deepEqual(owed(bytewise).unstarted, whole, `on record up to ${at}, then by the byte`);
    assert.equal(bytewise.pongs, 1, `on record up to ${at}, then by the byte`);
    for (let to = at; to < last; to += 1) {
      const part = owed(recover(onRecord, stream.subarray(at, to), lookup, false)).unstarted;
      assert.deepEqual(part, whole.slice(0, part.length), `on record up to ${at}, unread up to ${to}`);
    }
  }
});

test('A window that was filled to its end is known to be full', () => {
  const payload = Buffer.alloc(3 * JOURNAL.windowBytes);
  const stream = Buffer.concat([
    Buffer.from(`MSG s.1 1 r1 ${payload.length}\r\n`),
    payload,
    Buffer.from('\r\n'),
  ]);
  const unread = Buffer.concat([stream.subarray(JOURNAL.windowBytes), Buffer.from(msg('r2'))]);
  const { unstarted } = recover(withWindows([], stream.subarray(0, JOURNAL.windowBytes)), unread, lookup);
  assert.deepEqual(
    unstarted.map(({ reply, data }) => [reply, data.length]),
    [
      ['r1', payload.length],
      ['r2', 0],
    ],
  );
});
