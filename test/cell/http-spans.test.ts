import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  callAttributes,
  triggerAttributes,
  triggerKind,
  triggerName,
} from '../../src/cell/observe/span-text.ts';
import { type Invocation, shownSubject, TELEMETRY_LIMITS, type Trigger } from '../../src/core/index.ts';
import { parseCellMessage } from '../../src/host/cells/cell-messages.ts';
import { flightOf } from '../support/flight.ts';
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

test('What is a secret of the function in a name is a star in its spans, also where it would be cut in two', () => {
  const spec = {
    ...createSpec({
      bindings: {
        BUS: { service: 'messaging', publish: ['>'], request: [], call: [] },
        WEB: { service: 'http', urls: ['https://*/*'], methods: [], private: false },
      },
    }),
    triggers: [LISTENS, ROUTE],
  };
  const redact = (text: string): string => text.replaceAll('s3cret', '[redacted]');
  const called = (label: string, op: string, args: readonly string[]): object =>
    callAttributes(spec, { label, op, args, startedMs: 0, flight: flightOf(1), trace: undefined }, redact);
  const long = `${'a'.repeat(TELEMETRY_LIMITS.attributeChars - 3)}s3cret`;
  const seen = [
    triggerAttributes(spec, invocationOf(0, 'a.s3cret'), redact),
    triggerAttributes(spec, invocationOf(1, 'GET http://h/albums/%733cret'), redact),
    called('BUS', 'publish', ['a.s3cret.b']),
    called('BUS', 'publish', [long]),
    called('WEB', 'open', ['1', 'GET', 'https://s3cret.example.com/']),
    called('$functions', 'call', ['s3cret']),
  ];
  assert.deepEqual(
    seen.map((attributes) =>
      ['messaging.destination.name', 'url.path', 'server.address', 'faas.invoked_name'].flatMap((name) =>
        Object.entries(attributes).flatMap(([key, value]) => (key === name ? [value] : [])),
      ),
    ),
    [['a.*'], ['/albums/*'], ['a.*.b'], ['*'], ['*.example.com'], ['*']],
  );
});
