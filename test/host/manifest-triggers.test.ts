import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from './support/nexfile.ts';

for (const subject of [
  '$SYS.>',
  '$JS.API.>',
  '$NEX.x',
  '$KV.b.k',
  '_INBOX.x',
  '_INBOX',
  '>',
  '*',
  '*.a',
  '{x}.a',
  '{x>}',
]) {
  test(`A trigger on ${subject} is refused with the remedy`, () => {
    const error = failureOf(`  triggers:\n    - subject: fine.*\n    - subject: ${JSON.stringify(subject)}`);
    assert.equal(error.code, 'HS_TRIGGER_FORBIDDEN');
    assert.ok(error.message.includes(JSON.stringify(subject)), error.message);
    assert.match(error.hint ?? '', /subject of your own/);
    assert.deepEqual([error.position?.line, error.position?.column], [8, 16]);
  });
}

test('A subject that is not one is refused with what is wrong', () => {
  const reasons = {
    'a..b': /not a valid NATS subject/,
    'a b': /not a valid/,
    'a.{b': /not a capture/,
    'a.>.b': /last/,
  };
  for (const [subject, reason] of Object.entries(reasons)) {
    const error = failureOf(`  triggers: [{ subject: "${subject}" }]`);
    assert.equal(error.code, 'HS_NEXFILE_INVALID');
    assert.match(error.message, reason);
  }
  assert.match(failureOf('  triggers: [{ subject: "a.{x}.{x}" }]').message, /"x" is used twice/);
});

test('Two triggers of one function that overlap are refused at the second', () => {
  const error = failureOf('  triggers:\n    - subject: a.{b}.c\n    - subject: x.y\n    - subject: a.>');
  assert.equal(error.code, 'HS_NEXFILE_INVALID');
  assert.match(error.message, /"a.>" .*overlaps "a.\{b\}.c" of triggers\[0\]/);
  assert.equal(error.position?.line, 9);
});

test('A trigger of no kind or of two kinds is refused', () => {
  assert.match(failureOf('  triggers: [{ subjct: a }]').hint ?? '', /"subject"/);
  assert.match(failureOf('  triggers: [{ fanout: true }]').message, /which kind of trigger/);
  assert.match(failureOf('  triggers: [7]').message, /7 for start_request.triggers\[0\]: .*must be a map/);
});

test('Too many triggers are refused without comparing them', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => `    - subject: a.x${index}`).join('\n');
  assert.match(failureOf(`  triggers:\n${many}`).message, /at most 64 triggers/);
});
