import assert from 'node:assert/strict';
import { test } from 'node:test';
import { triggerAttributes, triggerKind, triggerName } from '../../src/cell/observe/span-text.ts';
import { type Invocation, shownSubject, type Trigger } from '../../src/core/index.ts';
import { parseCellMessage } from '../../src/host/cells/cell-messages.ts';
import { createSpec } from '../support/spec.ts';

const LISTENS: Trigger = { kind: 'subject', pattern: 'a.{b}', subject: 'a.*', captures: [], fanout: false };
const ROUTE: Trigger = { kind: 'http', pattern: '/albums/:album', captures: [], methods: ['GET'] };

const SPAN = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: '',
  tracestate: '',
  startMs: 1,
  endMs: 2,
  status: 'ok',
};

function invocationOf(triggerIndex: number, subject: string): Invocation {
  return {
    triggerIndex,
    subject,
    reply: '',
    headers: [],
    data: new Uint8Array(3),
    succeed: () => undefined,
    fail: () => undefined,
  };
}

test('The span of a request has method, route and path, and neither host nor query', () => {
  const spec = { ...createSpec(), triggers: [LISTENS, ROUTE] };
  const request = invocationOf(1, 'GET http://api.example.com:8080/albums/1?token=secret');
  assert.equal(triggerName(spec, request), 'GET /albums/:album');
  assert.equal(triggerKind(spec, request), 'server');
  assert.deepEqual(triggerAttributes(spec, request), {
    'http.request.method': 'GET',
    'http.route': '/albums/:album',
    'url.path': '/albums/1',
    'http.request.body.size': 3,
  });
  const message = invocationOf(0, 'a.b');
  assert.equal(triggerName(spec, message), 'process a.{b}');
  assert.equal(triggerKind(spec, message), 'consumer');
});

test('The name of a span has room for no more than its reader takes, however long the pattern', () => {
  const names = Array.from({ length: 16 }, (_, at) => `${'n'.repeat(60)}${at}`);
  const trigger: Trigger = { ...LISTENS, pattern: names.map((name) => `{${name}}`).join('.') };
  const spec = { ...createSpec(), triggers: [trigger, { ...ROUTE, pattern: `/${'r'.repeat(2_000)}` }] };
  for (const message of [invocationOf(0, 'a.b'), invocationOf(1, 'GET http://h/r')]) {
    const name = triggerName(spec, message);
    const span = { name, kind: triggerKind(spec, message), attributes: triggerAttributes(spec, message) };
    parseCellMessage({ type: 'telemetry', report: { spans: [{ ...SPAN, ...span }], droppedSpans: 0 } });
    assert.ok(name.length > 500);
  }
});

test('Of a request others are shown method and path, of a message its subject', () => {
  assert.equal(shownSubject('GET http://h/a%20b?c=d'), 'GET /a%20b');
  assert.equal(shownSubject('POST http://h/'), 'POST /');
  assert.equal(shownSubject('orders.1.paid'), 'orders.1.paid');
});
