import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { isLiteralSubject, isSubject, subjectMatches } from '../../src/core/index.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

test('Matching is what a real server does', async () => {
  await using server = await startTestNats();
  const nc = await connectTo(server);
  const token = fc.constantFrom('a', 'b', 'c', 'a*', '>b', 'a-b');
  const literals = fc.sample(
    fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.')),
    { numRuns: 150, seed: 7 },
  );
  const filters = fc.sample(
    fc
      .tuple(
        fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 3 }),
        fc.oneof(token, fc.constantFrom('*', '>')),
      )
      .map(([tokens, last]) => [...tokens, last].join('.')),
    { numRuns: 150, seed: 8 },
  );
  const received = filters.map(() => new Set<string>());
  for (const [index, filter] of filters.entries()) {
    // Under a first token of its own, so that the server's own messages stay away.
    nc.subscribe(`t.${filter}`, {
      callback: (_error, message) => {
        received[index]?.add(message.subject.slice(2));
      },
    });
  }
  for (const subject of new Set(literals)) nc.publish(`t.${subject}`);
  await nc.flush();
  for (const [index, filter] of filters.entries()) {
    const expected = new Set(literals.filter((subject) => subjectMatches(filter, subject)));
    assert.deepEqual(received[index], expected, filter);
  }
  assert.ok(received.some((subjects) => subjects.size > 5));
  await nc.close();
});

/** Tokens as nobody writes them, and as somebody may. */
const oddToken = fc.oneof(
  fc.constantFrom(
    '$',
    '$SYS',
    'é',
    '日本',
    '𝄞',
    '\u0301',
    '\u200b',
    '{a}',
    '"',
    ':',
    '/',
    '\\',
    '**',
    '*a',
    '>>',
    'a>',
    '%',
  ),
  fc.string({
    unit: fc.constantFrom('a', 'B', '0', '-', '_', '$', '!', '~', '\u00ff', '\u{1f600}'),
    minLength: 1,
    maxLength: 3,
  }),
);

test('A subject of odd tokens reaches whom it reaches on a real server', async () => {
  await using server = await startTestNats();
  const nc = await connectTo(server);
  const literals = fc.sample(
    fc.array(oddToken, { minLength: 1, maxLength: 3 }).map((tokens) => tokens.join('.')),
    { numRuns: 150, seed: 21 },
  );
  // Half of them are made from a literal, else they would hardly ever match.
  const filters = fc.sample(
    fc
      .tuple(
        fc.constantFrom(...literals),
        fc.array(fc.constantFrom('keep', 'keep', '*'), { maxLength: 3 }),
        fc.boolean(),
      )
      .map(([literal, changes, rest]) => {
        const tokens = literal.split('.').map((token, at) => (changes[at] === '*' ? '*' : token));
        return [...(rest ? [...tokens.slice(0, -1), '>'] : tokens)].join('.');
      }),
    { numRuns: 150, seed: 22 },
  );
  const received = filters.map(() => new Set<string>());
  for (const [index, filter] of filters.entries()) {
    assert.ok(isSubject(`t.${filter}`), filter);
    nc.subscribe(`t.${filter}`, {
      callback: (_error, message) => {
        received[index]?.add(message.subject.slice(2));
      },
    });
  }
  for (const subject of new Set(literals)) {
    assert.ok(isLiteralSubject(`t.${subject}`), subject);
    nc.publish(`t.${subject}`);
  }
  await nc.flush();
  for (const [index, filter] of filters.entries())
    assert.deepEqual(
      received[index],
      new Set(literals.filter((each) => subjectMatches(filter, each))),
      filter,
    );
  assert.ok(received.some((subjects) => subjects.size > 5));
  await nc.close();
});

test('What is no subject for us, a server with pedantic clients does not take either', async () => {
  await using server = await startTestNats();
  assert.equal(isSubject(''), false);
  const refused = ['a..b', '.a', 'a.', '.', 'a.>.b', '>.a'];
  for (const subject of refused) {
    assert.equal(isSubject(subject), false, subject);
    assert.equal(await isTaken(server, subject), false, `the server takes "${subject}"`);
  }
  // A blank ends a field of the protocol, so that the server hears of another subject.
  for (const subject of ['a b', 'a\tb', 'a\r\nb']) assert.equal(isSubject(subject), false, subject);
  for (const subject of ['a', 'a.*', '$', 'a.>', '日本.*', 'a*.>b']) {
    assert.equal(isSubject(subject), true, subject);
    assert.equal(await isTaken(server, subject), true, `the server does not take "${subject}"`);
  }
});

/** Whether a server accepts a subscription, asked in its own protocol. */
async function isTaken({ port }: { readonly port: number }, subject: string): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(`CONNECT {"verbose":true,"pedantic":true}\r\nSUB ${subject} 1\r\nPING\r\n`);
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (/PONG|-ERR/.test(text)) break;
    }
    return !text.includes('-ERR');
  } finally {
    socket.destroy();
  }
}
