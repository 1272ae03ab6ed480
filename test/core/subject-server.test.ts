import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectMatches } from '../../src/core/index.ts';
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
