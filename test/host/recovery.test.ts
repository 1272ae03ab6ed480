import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { headers } from '@nats-io/nats-core';
import {
  halfOffset,
  JOURNAL,
  JOURNAL_FILE_BYTES,
  JOURNAL_RECORD,
  JOURNAL_WINDOWS,
  type JournalRecordType,
  MAX_HEADER_BYTES,
  toFill,
} from '../../src/core/index.ts';
import type { SidLookup } from '../../src/host/cells/message-parser.ts';
import { type Recovered, recover } from '../../src/host/cells/recovery.ts';

type Entry = readonly [type: JournalRecordType, data?: string | Uint8Array];

const { inbound, inboundSecond, enter, leave, answered, open, gap } = JOURNAL_RECORD;

/** A journal file with these records in one half. */
function journal(records: readonly Entry[], active = 0): Uint8Array {
  const file = Buffer.alloc(halfOffset(2));
  file[JOURNAL.activeOffset] = active;
  let at = halfOffset(active);
  for (const [type, data = ''] of records) {
    const bytes = Buffer.from(data);
    file[at] = type;
    file.writeUInt32LE(bytes.length, at + 1);
    bytes.copy(file, at + JOURNAL.recordHeaderBytes);
    at += JOURNAL.recordHeaderBytes + bytes.length;
  }
  return file;
}

/** Subscription 1 is function "f", 2 is "g"; others are nobody's. */
const lookup: SidLookup = (sid) =>
  sid === 1 || sid === 2 ? { functionId: sid === 1 ? 'f' : 'g', triggerKey: `${sid}` } : undefined;

function msg(reply: string, data = '', sid = 1): string {
  return `MSG s.${sid} ${sid} ${reply === '' ? '' : `${reply} `}${Buffer.byteLength(data)}\r\n${data}\r\n`;
}

function owed({ open: begun, unstarted, enteredFunctionId }: Recovered) {
  return {
    open: begun.map(({ reply, functionId }) => `${reply}:${functionId ?? '?'}`),
    unstarted: unstarted.map(({ reply }) => reply),
    entered: enteredFunctionId,
  };
}

const CASES: readonly (readonly [
  what: string,
  records: readonly Entry[],
  unread: string,
  expected: ReturnType<typeof owed>,
])[] = [
  ['An empty journal owes nothing', [], '', { open: [], unstarted: [], entered: undefined }],
  [
    'A message that was received only is unstarted',
    [[inbound, msg('r1') + msg('r2')]],
    '',
    { open: [], unstarted: ['r1', 'r2'], entered: undefined },
  ],
  [
    'A message that was begun is open, and blamed on its function',
    [
      [inbound, msg('r1') + msg('r2')],
      [enter, 'f\nr1'],
    ],
    '',
    { open: ['r1:f'], unstarted: ['r2'], entered: 'f' },
  ],
  [
    'After leaving, what was begun is still open and no function is entered',
    [[inbound, msg('r1')], [enter, 'f\nr1'], [leave]],
    '',
    { open: ['r1:f'], unstarted: [], entered: undefined },
  ],
  [
    'An answered message is owed nothing',
    [[inbound, msg('r1') + msg('r2')], [enter, 'f\nr1\nr2'], [leave], [answered, 'r1']],
    '',
    { open: ['r2:f'], unstarted: [], entered: undefined },
  ],
  [
    'A message that was answered without being begun, as an overload is, is owed nothing',
    [
      [inbound, msg('r1') + msg('r2')],
      [answered, 'r2'],
    ],
    '',
    { open: [], unstarted: ['r1'], entered: undefined },
  ],
  [
    'An answer is given outside of every isolate, so it says that the function was left',
    [
      [inbound, msg('r1') + msg('r2')],
      [enter, 'f\nr1\nr2'],
      [answered, 'r1'],
    ],
    '',
    { open: ['r2:f'], unstarted: [], entered: undefined },
  ],
  [
    'A caller whose reply subject is forbidden is owed nothing',
    [[inbound, msg('$KV.b.k') + msg('r1')]],
    msg('$JS.API.x'),
    { open: [], unstarted: ['r1'], entered: undefined },
  ],
  [
    'The function entered last is the one that is blamed',
    [[inbound, msg('r1') + msg('r2', '', 2)], [enter, 'f\nr1'], [leave], [enter, 'g\nr2']],
    '',
    { open: ['r1:f', 'r2:g'], unstarted: [], entered: 'g' },
  ],
  [
    'An entry that begins nothing still names its function',
    [[enter, 'f']],
    '',
    { open: [], unstarted: [], entered: 'f' },
  ],
  [
    'A message without a reply subject is owed nothing',
    [
      [inbound, msg('')],
      [enter, 'f\n'],
    ],
    '',
    { open: [], unstarted: [], entered: 'f' },
  ],
  [
    'What was open when the half was begun stays open',
    [
      [open, 'r1\nr2'],
      [inbound, msg('r3')],
      [answered, 'r2'],
    ],
    '',
    { open: ['r1:?'], unstarted: ['r3'], entered: undefined },
  ],
  [
    'What was open when the half was begun and is begun later is one call, not two',
    [[open, 'r1\nr2'], [enter, 'f\nr1'], [leave], [answered, 'r1'], [enter, 'f\nr2']],
    '',
    { open: ['r2:f'], unstarted: [], entered: 'f' },
  ],
  [
    'Two calls with the same reply subject are two',
    [[inbound, msg('r') + msg('r') + msg('r')], [enter, 'f\nr\nr'], [leave], [answered, 'r']],
    '',
    { open: ['r:f'], unstarted: ['r'], entered: undefined },
  ],
  [
    'When two functions share a reply subject, and one of them has begun, none of them is begun again',
    [
      [inbound, msg('r', '', 1) + msg('r', '', 2) + msg('r1')],
      [enter, 'g\nr'],
    ],
    '',
    { open: ['r:g', 'r:g'], unstarted: ['r1'], entered: 'g' },
  ],
  [
    'A call that was open when the half was begun does not stand for another with its reply subject',
    [[open, 'r'], [inbound, msg('r') + msg('r1')], [enter, 'f\nr'], [leave]],
    '',
    { open: ['r:f', 'r:f'], unstarted: ['r1'], entered: undefined },
  ],
  [
    'What the cell never read cannot have begun, whatever its reply subject',
    [
      [inbound, msg('r')],
      [enter, 'f\nr'],
    ],
    msg('r') + msg('r', '', 2),
    { open: ['r:f'], unstarted: ['r', 'r'], entered: 'f' },
  ],
  [
    'Bytes that were left in the socket continue a message that the journal begins',
    [[inbound, msg('r1') + msg('r2', 'payload').slice(0, -5)]],
    msg('r2', 'payload').slice(-5) + msg('r3'),
    { open: [], unstarted: ['r1', 'r2', 'r3'], entered: undefined },
  ],
  [
    'A message that ends nowhere is not made up',
    [[inbound, msg('r1') + msg('r2', 'payload').slice(0, -3)]],
    '',
    { open: [], unstarted: ['r1'], entered: undefined },
  ],
  [
    'After a gap inbound bytes are not joined to what they do not belong to',
    [[inbound, msg('r1') + msg('r2').slice(0, -3)], [gap], [inbound, msg('r3')], [enter, 'f\nr4'], [leave]],
    msg('r5'),
    { open: ['r4:f'], unstarted: ['r1'], entered: undefined },
  ],
  [
    'Protocol lines and other subscriptions are passed over',
    [
      [
        inbound,
        `INFO {}\r\nPING\r\n${msg('r9', 'x', 9)}PONG\r\n+OK\r\n${msg('r1')}-ERR 'x'\r\n${msg('r2', '', 2)}`,
      ],
    ],
    'PONG\r\n',
    { open: [], unstarted: ['r1', 'r2'], entered: undefined },
  ],
];

for (const [what, records, unread, expected] of CASES) {
  test(what, () => {
    for (const active of [0, 1])
      assert.deepEqual(owed(recover(journal(records, active), Buffer.from(unread), lookup)), expected);
  });
}

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

test('A journal that misses records lets nothing be run that it lists', () => {
  const file = journal([[inbound, msg('r1')]]);
  file[JOURNAL.incompleteOffset] = 1;
  const expected = { open: ['r1:f'], unstarted: [], entered: undefined };
  assert.deepEqual(owed(recover(file, new Uint8Array(0), lookup)), expected);
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

test('A torn last record is passed over, and what stood before it holds', () => {
  const records: readonly Entry[] = [[inbound, msg('r1') + msg('r2')], [enter, 'f\nr1'], [leave]];
  const whole = journal(records);
  const torn = Buffer.from(whole);
  const at = halfOffset(0) + records.reduce((sum, [, data = '']) => sum + 5 + Buffer.byteLength(data), 0);
  torn[at] = answered;
  torn.writeUInt32LE(JOURNAL.halfBytes, at + 1);
  assert.deepEqual(recover(torn, new Uint8Array(0), lookup), recover(whole, new Uint8Array(0), lookup));
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

/** A journal with these records, and bytes in its two windows. */
function withWindows(records: readonly Entry[], ...windows: readonly (string | Uint8Array)[]): Uint8Array {
  const file = Buffer.alloc(JOURNAL_FILE_BYTES);
  file.set(journal(records));
  const fill = toFill(randomBytes(JOURNAL.windowBytes));
  for (const part of [0, 1, 2]) file.set(fill, JOURNAL_WINDOWS.offset + part * JOURNAL.windowBytes);
  for (const [index, bytes] of windows.entries())
    Buffer.from(bytes).copy(file, JOURNAL_WINDOWS.offset + index * JOURNAL.windowBytes);
  return file;
}

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

const { enterHeavy, leaveHeavy } = JOURNAL_RECORD;

test('What began in the heavy lane is open, and belongs to its function', () => {
  const recovered = recover(
    journal([
      [inbound, msg('r1') + msg('r2', '', 2) + msg('r3')],
      [enterHeavy, '1\nf\nr1'],
      [enter, 'g\nr2'],
      [answered, 'r2'],
    ]),
    new Uint8Array(0),
    lookup,
  );
  assert.deepEqual(owed(recovered), { open: ['r1:f'], unstarted: ['r3'], entered: undefined });
  assert.deepEqual([...recovered.heavyFunctionIds], [[1, 'f']]);
});

test('Leaving on the main thread is not leaving in the heavy lane, and the other way round', () => {
  const records: Entry[] = [
    [enterHeavy, '1\nf'],
    [enterHeavy, '2\nh'],
    [enter, 'g'],
  ];
  const at = (...more: Entry[]) => {
    const { enteredFunctionId, heavyFunctionIds } = recover(
      journal([...records, ...more]),
      new Uint8Array(0),
      lookup,
    );
    return [enteredFunctionId, ...heavyFunctionIds.values()];
  };
  assert.deepEqual(at(), ['g', 'f', 'h']);
  assert.deepEqual(at([leave]), [undefined, 'f', 'h']);
  assert.deepEqual(at([leaveHeavy, '1']), ['g', 'h']);
  assert.deepEqual(at([leaveHeavy, '2'], [leave], [leaveHeavy, '1']), [undefined]);
});

test('A half that is begun while the heavy lane is in use says whose calls are open', () => {
  const { open: calls } = recover(
    journal([
      [open, 'r1\nr2'],
      [enterHeavy, '1\nf\nr1'],
    ]),
    new Uint8Array(0),
    lookup,
  );
  assert.deepEqual(calls, [
    { reply: 'r1', functionId: 'f' },
    { reply: 'r2', functionId: undefined },
  ]);
});
