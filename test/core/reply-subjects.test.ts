import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, ReplySubjects, Seldom } from '../../src/core/index.ts';

test('Callers are answered at inboxes and at what is allowed, and nowhere else', () => {
  const inboxes = new ReplySubjects();
  const more = new ReplySubjects(['orders.done.>', 'acme.*.in']);
  for (const reply of ['', '_INBOX.a.b', '_INBOX_bob.x', '_R_.x.1', '_GR_.a.b.c', '_HSBOX.id.x', '_x'])
    for (const subjects of [inboxes, more]) assert.ok(!subjects.refuses(reply), reply);
  const below = ['$KV.b.k', '$JS.API.STREAM.DELETE.x', '$SYS.x', '$', '_HSCELL.c1.x', '_HSCELL'];
  for (const reply of [...below, 'orders.refund', 'orders.done', 'a._INBOX.b', ' _INBOX.a', 'x'])
    for (const subjects of [inboxes, more]) assert.ok(subjects.refuses(reply), reply);
  for (const reply of ['orders.done.1', 'orders.done.1.2', 'acme.x.in']) {
    assert.ok(inboxes.refuses(reply), reply);
    assert.ok(!more.refuses(reply), reply);
  }
});

test('An operator allows no reply subject that may be one of the server or of cells', () => {
  const patterns = ['>', '*', '*.x', '$KV.b.k', '$JS.>', '_HSCELL.>', '_HSCELL2.x', '', 'a..b', 'a b', '>.a'];
  for (const pattern of patterns)
    assert.throws(
      () => new ReplySubjects(['fine.x', pattern]),
      ({ code, message, hint }) =>
        code === 'HS_USAGE' && message.includes(`"${pattern}"`) && hint.includes('--reply-subject'),
      pattern,
    );
});

test('What happens often is told at once, and then every ten seconds with how often it was not told', () => {
  let nowMs = 5;
  const seldom = new Seldom({ monotonicMs: () => nowMs } as Clock);
  const at = (ms: number): number | undefined => {
    nowMs = ms;
    return seldom.take();
  };
  assert.deepEqual([5, 6, 10_004, 10_005, 10_006, 30_000].map(at), [
    0,
    undefined,
    undefined,
    2,
    undefined,
    1,
  ]);
});
