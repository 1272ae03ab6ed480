import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  forbiddenTriggerReason,
  isLiteralSubject,
  isSubject,
  parseSubjectPattern,
  type SubjectPattern,
  subjectCovers,
  subjectMatches,
  subjectsOverlap,
} from '../../src/core/index.ts';

const token = fc.constantFrom('a', 'b', 'c', 'aa', 'a-b', '_', '$', 'a*', '>b', 'Ä');
const literal = fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join('.'));
const filter = fc
  .tuple(
    fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 4 }),
    fc.oneof(token, fc.constantFrom('*', '>')),
  )
  .map(([tokens, last]) => [...tokens, last].join('.'));

/** What the captures of a pattern say about a subject, by their names. */
function captured({ captures }: SubjectPattern, subject: string): Record<string, string> {
  const tokens = subject.split('.');
  const pairs = captures.map(({ index, name, rest }) => [
    name,
    rest ? tokens.slice(index).join('.') : tokens[index],
  ]);
  return Object.fromEntries(pairs);
}

/** A second opinion, by regular expression. */
function matchesByExpression(pattern: string, subject: string): boolean {
  const parts = pattern.split('.').map((part) => {
    if (part === '*') return '[^.]+';
    if (part === '>') return '.+';
    return part.replaceAll(/[$*+?()[\]{}|^\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('\\.')}$`).test(subject);
}

test('Matching agrees with a regular expression of the same meaning', () => {
  fc.assert(
    fc.property(filter, literal, (pattern, subject) => {
      assert.equal(subjectMatches(pattern, subject), matchesByExpression(pattern, subject));
    }),
    { numRuns: 2_000 },
  );
});

test('Two filters overlap exactly when some subject matches both', () => {
  const tokens = ['a', 'b', 'x'];
  const subjects: string[] = [];
  const grow = (subject: string, depth: number): void => {
    if (subject !== '') subjects.push(subject);
    if (depth < 4) for (const next of tokens) grow(subject === '' ? next : `${subject}.${next}`, depth + 1);
  };
  grow('', 0);
  const small = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 2 }), fc.constantFrom('a', 'b', '*', '>'))
    .map(([head, last]) => [...head, last].join('.'));
  fc.assert(
    fc.property(small, small, (one, two) => {
      const shared = subjects.some((subject) => subjectMatches(one, subject) && subjectMatches(two, subject));
      assert.equal(subjectsOverlap(one, two), shared, `${one} and ${two}`);
      assert.equal(subjectsOverlap(two, one), shared);
    }),
    { numRuns: 500 },
  );
});

test('One filter covers another exactly when it matches every subject that the other one matches', () => {
  const tokens = ['a', 'b', 'x'];
  const subjects = tokens.flatMap((one) => [
    one,
    ...tokens.flatMap((two) => [
      `${one}.${two}`,
      ...tokens.flatMap((three) => [
        `${one}.${two}.${three}`,
        ...tokens.map((four) => `${one}.${two}.${three}.${four}`),
      ]),
    ]),
  ]);
  // `x` is in no filter, and one subject is longer than all of them, so that no wildcard is mistaken for a list.
  const small = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 2 }), fc.constantFrom('a', 'b', '*', '>'))
    .map(([head, last]) => [...head, last].join('.'));
  fc.assert(
    fc.property(small, small, (one, two) => {
      const all = subjects.every((subject) => !subjectMatches(two, subject) || subjectMatches(one, subject));
      assert.equal(subjectCovers(one, two), all, `${one} covers ${two}`);
    }),
    { numRuns: 2_000 },
  );
});

test('A pattern captures what its wildcards match, under its names', () => {
  fc.assert(
    fc.property(filter, literal, (pattern, subject) => {
      const parsed = parseSubjectPattern(pattern);
      assert.ok(typeof parsed !== 'string', String(parsed));
      assert.equal(parsed.subject, pattern);
      if (!subjectMatches(pattern, subject)) return;
      const params = captured(parsed, subject);
      const caught = parsed.captures.map(({ name }) => params[name]);
      let index = 0;
      const rebuilt = pattern
        .split('.')
        .map((part) => (part === '*' || part === '>' ? caught[index++] : part));
      assert.equal(rebuilt.join('.'), subject);
      assert.equal(index, caught.length);
    }),
    { numRuns: 1_000 },
  );
});

test('Named wildcards become NATS wildcards, and keep their names', () => {
  const parsed = parseSubjectPattern('greet.{lang}.*.{rest>}');
  assert.ok(typeof parsed !== 'string');
  const { subject, pattern } = parsed;
  assert.deepEqual({ subject, pattern }, { subject: 'greet.*.*.>', pattern: 'greet.{lang}.*.{rest>}' });
  assert.deepEqual(captured(parsed, 'greet.de.x.y.z'), { lang: 'de', 1: 'x', rest: 'y.z' });
});

test('What is wrong with a pattern is told in words', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /not a valid NATS subject/],
    ['a..b', /not a valid NATS subject/],
    ['.a', /not a valid NATS subject/],
    ['a.', /not a valid NATS subject/],
    ['a b', /not a valid NATS subject/],
    ['a.\tb', /not a valid NATS subject/],
    ['a.\u0000', /not a valid NATS subject/],
    ['a.\ud800', /not a valid NATS subject/],
    ['x'.repeat(600), /not a valid NATS subject/],
    ['>.a', /must be the last/],
    ['{rest>}.a', /must be the last/],
    ['{a}.{a}', /"a" is used twice/],
    ['{a', /not a capture/],
    ['{}', /not a capture/],
    ['{a b}', /not a capture/],
    ['x{a}', /not a capture/],
    ['{1}', /not a capture/],
    ['{__proto__}', /./],
  ];
  for (const [pattern, reason] of cases) {
    const parsed = parseSubjectPattern(pattern);
    assert.ok(typeof parsed === 'string', pattern);
    assert.match(parsed, reason, pattern);
  }
});

test('No text whatever makes a pattern whose subject is not one', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('{', '}', '>', '*', '.', 'a', ' ', '{a}', '{b>}', '\n', '__proto__'))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (pattern) => {
      const parsed: SubjectPattern | string = parseSubjectPattern(pattern);
      if (typeof parsed === 'string') return;
      assert.ok(isSubject(parsed.subject));
      const wildcards = parsed.subject.split('.').filter((part) => part === '*' || part === '>');
      assert.equal(parsed.captures.length, wildcards.length);
      assert.equal(new Set(parsed.captures.map(({ name }) => name)).size, wildcards.length);
    }),
    { numRuns: 2_000 },
  );
});

test('A literal subject has no wildcard tokens; others are filters', () => {
  for (const subject of ['a', 'a.b', 'a*', '*a.b', 'a.>b']) assert.ok(isLiteralSubject(subject), subject);
  for (const subject of ['*', '>', 'a.*', 'a.*.b', 'a.>']) {
    assert.ok(isSubject(subject), subject);
    assert.ok(!isLiteralSubject(subject), subject);
  }
  for (const subject of ['', '.', 'a.', '>.a', 'a b', 'a\r\nPUB x']) assert.ok(!isSubject(subject), subject);
});

test('Functions may listen neither on what belongs to the server nor on everything', () => {
  for (const subject of [
    '$SYS.>',
    '$JS.API.>',
    '$KV.bucket.key',
    '$O.x',
    '$NEX.SVC.>',
    '$',
    '_INBOX.>',
    '_INBOX',
    '_INBOXES.a',
    '_R_.x',
    '_HSBOX.x',
    '>',
    '*',
    '*.a',
    '*.>',
  ])
    assert.notEqual(forbiddenTriggerReason(subject), undefined, subject);
  for (const subject of ['a', 'a.>', 'orders.*.paid', '_own.x', 'INBOX.a', 'a.$SYS', 'a._INBOX.b'])
    assert.equal(forbiddenTriggerReason(subject), undefined, subject);
});

test('No filter that is allowed reaches a subject of the server, of an inbox or of the control plane', () => {
  const dangerous = [
    '$SYS.REQ',
    '$JS.API.INFO',
    '$KV.b.k',
    '$NEX.SVC.x',
    '_INBOX.a.b',
    '_R_.a',
    '_HSBOX.a.b',
  ];
  fc.assert(
    fc.property(filter, (pattern) => {
      if (forbiddenTriggerReason(pattern) !== undefined) return;
      for (const subject of dangerous) assert.ok(!subjectMatches(pattern, subject), `${pattern} ${subject}`);
    }),
    { numRuns: 500 },
  );
});
