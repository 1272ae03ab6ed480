import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfOffset, JOURNAL, JOURNAL_RECORD } from '../../src/core/index.ts';
import { type Entry, journal, lookup, msg, type Owed, owed, recover } from './support/journal.ts';

const { inbound, enter, enterHeavy, leave, leaveHeavy, answered, open, gap } = JOURNAL_RECORD;

const CASES: readonly (readonly [what: string, records: readonly Entry[], unread: string, expected: Owed])[] =
  [
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

test('A journal that misses records lets nothing be run that it lists', () => {
  const file = journal([[inbound, msg('r1')]]);
  file[JOURNAL.incompleteOffset] = 1;
  const expected = { open: ['r1:f'], unstarted: [], entered: undefined };
  assert.deepEqual(owed(recover(file, new Uint8Array(0), lookup)), expected);
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
