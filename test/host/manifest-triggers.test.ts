import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseStartRequest, startRequestToWire } from '../../src/host/manifest/index.ts';
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

test('An HTTP trigger is read with its captures and methods, and written back as it was', () => {
  const text =
    '{ uri: "nats://b/o", triggers: [{ http: { route: "/a/:x/*", methods: [GET, PUT] } }, { http: { route: / } }] }';
  const start = parseStartRequest(parse(text));
  assert.deepEqual(start.triggers, [
    {
      kind: 'http',
      pattern: '/a/:x/*',
      captures: [
        { index: 1, name: 'x', rest: false },
        { index: 2, name: '1', rest: true },
      ],
      methods: ['GET', 'PUT'],
    },
    { kind: 'http', pattern: '/', captures: [], methods: [] },
  ]);
  assert.deepEqual(parseStartRequest(startRequestToWire(start)).triggers, start.triggers);
});

test('An HTTP trigger that cannot be is refused with what is wrong', () => {
  const messages = {
    '{ http: { route: a } }': /begins with "\/"/,
    '{ http: { route: "/a/*/b" } }': /last segment/,
    '{ http: { route: /a, methods: [] } }': /name a method/,
    '{ http: { route: /a, methods: [get] } }': /GET/,
    '{ http: { route: /a, methods: [GET, GET] } }': /twice/,
    '{ http: { path: /a } }': /route/,
    '{ http: { route: /a }, subject: a }': /one kind/,
    '{ http: { route: /a, host: x } }': /host/,
    '{ http: /a }': /map/,
  };
  for (const [trigger, message] of Object.entries(messages)) {
    const error = failureOf(`  triggers: [${trigger}]`);
    assert.equal(error.code, 'HS_NEXFILE_INVALID', trigger);
    assert.match(`${error.message} ${error.hint ?? ''}`, message, trigger);
  }
});

test('Two routes of one function that take the same requests are refused at the second', () => {
  const error = failureOf(
    '  triggers:\n    - http: { route: "/a/:x", methods: [GET] }\n    - http: { route: "/a/:x", methods: [POST] }\n    - http: { route: "/a/:y", methods: [HEAD] }',
  );
  assert.match(error.message, /"\/a\/:y" .*takes the same requests as "\/a\/:x" of triggers\[0\]/);
  assert.equal(error.position?.line, 9);
});
