import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallRecorder } from '../../src/cell/observe/call-recorder.ts';
import { createRedact } from '../../src/cell/secrets/redact.ts';
import {
  type CallUse,
  type FunctionSpec,
  type InvocationStatus,
  type ObservedCall,
  TELEMETRY_LIMITS,
} from '../../src/core/index.ts';
import { httpBinding } from '../support/http.ts';
import { kvBinding } from '../support/kv.ts';
import { objectBinding } from '../support/objects.ts';
import { createSpec } from '../support/spec.ts';

const SPEC: FunctionSpec = {
  ...createSpec(),
  bindings: {
    STORE: kvBinding('thumbs'),
    WEB: httpBinding(['https://e.test/*']),
    BUS: { service: 'messaging', publish: ['a.>'], request: [], call: [] },
  },
};

type Call = Pick<ObservedCall, 'label' | 'op' | 'args' | 'alsoNamed'>;

/** What is recorded of calls that ended so. */
function record(
  calls: readonly (readonly [Call, InvocationStatus])[],
  spec = SPEC,
  redact = createRedact({}),
): readonly CallUse[] {
  const recorder = new CallRecorder(() => redact);
  for (const [call, status] of calls)
    recorder.onCallFinished(spec, { ...call, startedMs: 0, trace: undefined } as ObservedCall, status);
  return recorder.take();
}

const shown = (uses: readonly CallUse[]): readonly string[] =>
  uses.map(({ label, service, op, name, outcome }) => `${label} ${service} ${op} ${name} ${outcome}`);

test('A kind of call is told once, with what it names and nothing of what it sends', () => {
  const put: Call = { label: 'STORE', op: 'put', args: ['t.a', 7] };
  const publish: Call = { label: 'BUS', op: 'publish', args: ['a.done', '["Token","hunter2"]'] };
  const open: Call = {
    label: 'WEB',
    op: 'open',
    args: [12, 'POST', 'https://e.test/v1/a?key=hunter2', '["Authorization","hunter2"]', 'follow'],
  };
  const uses = record([
    [put, 'ok'],
    [put, 'ok'],
    [put, 'HS_KV_UNAVAILABLE'],
    [publish, 'ok'],
    [open, 'HS_HTTP_TIMEOUT'],
  ]);
  assert.deepEqual(shown(uses), [
    'STORE kv put t.a used',
    'BUS messaging publish a.done used',
    'WEB http open POST https://e.test/v1/a used',
  ]);
  assert.doesNotMatch(JSON.stringify(uses), /hunter2/);
});

test('What is secret in a name is a star, whatever kind of name it is', () => {
  const spec: FunctionSpec = {
    ...SPEC,
    bindings: { ...SPEC.bindings, FILES: objectBinding('files') },
  };
  const redact = createRedact({
    TOKEN: '12345:abc/d-efGH',
    PLAIN: 'hunter2hunter2',
    DOT: 'left.right-of-it',
  });
  const [whole, escaped] = ['12345:abc/d-efGH', encodeURIComponent('12345:abc/d-efGH')];
  const call = (
    label: string,
    op: string,
    ...args: (string | number)[]
  ): readonly [Call, InvocationStatus] => [{ label, op, args }, 'ok'];
  const open = (url: string) => call('WEB', 'open', 1, 'GET', url);
  const uses = record(
    [
      open('https://e.test/bothunter2hunter2/send?x=hunter2hunter2'),
      open(`https://e.test/b/${escaped}/send`),
      open(`https://e.test/c/${whole}/send`),
      open('https://hunter2hunter2.e.test/d'),
      call('STORE', 'get', 't.hunter2hunter2.a'),
      call('STORE', 'get', 't.left.right-of-it.a'),
      call('STORE', 'keys', 't.hunter2hunter2.'),
      call('BUS', 'publish', 'a.hunter2hunter2.b'),
      call('FILES', 'get', 'a/x-hunter2hunter2/b'),
      [{ ...open('https://e.test/f')[0], alsoNamed: ['GET https://e.test/hunter2hunter2/g'] }, 'ok'],
    ],
    spec,
    redact,
  );
  assert.deepEqual(shown(uses), [
    'WEB http open GET https://e.test/*/send used',
    'WEB http open GET https://e.test/b/*/send used',
    'WEB http open GET https://e.test/c/* used',
    'WEB http open  used',
    'STORE kv get t.*.a used',
    'STORE kv get t.> used',
    'STORE kv keys t.*. used',
    'BUS messaging publish a.*.b used',
    'FILES objectstore get a/*/b used',
    'WEB http open GET https://e.test/f used',
    'WEB http open GET https://e.test/*/g used',
  ]);
});

test('A watch names its filter, or without one all keys of the grant', () => {
  const spec = { ...SPEC, bindings: { STORE: kvBinding('thumbs', { keys: 't.>' }) } };
  const watch = (...args: (string | number)[]): readonly [Call, InvocationStatus] => [
    { label: 'STORE', op: 'watch', args },
    'ok',
  ];
  const uses = record([watch('updates', 1, 't.a.*'), watch('', 0)], spec);
  assert.deepEqual(shown(uses), ['STORE kv watch t.a.* used', 'STORE kv watch t.> used']);
});

test('A call that was refused for want of a grant is told as such; one that names nothing valid is not told', () => {
  const put: Call = { label: 'STORE', op: 'put', args: ['t.a'] };
  const uses = record([
    [put, 'HS_BINDING_DENIED'],
    [put, 'HS_KV_KEY_INVALID'],
    [{ ...put, op: 'no such\nthing' }, 'HS_HOST_CALL_INVALID'],
    [{ label: '$crypto', op: 'digest', args: ['secret'] }, 'ok'],
  ]);
  assert.deepEqual(shown(uses), ['STORE kv put t.a denied']);
});

test('Redirects are told as calls of their own, of which the last may be the one that was refused', () => {
  const open: Call = {
    label: 'WEB',
    op: 'open',
    args: [1, 'GET', 'https://e.test/a'],
    alsoNamed: ['GET https://e.test/b', 'GET https://evil.test/c'],
  };
  assert.deepEqual(shown(record([[open, 'HS_HTTP_REDIRECT_DENIED']])), [
    'WEB http open GET https://e.test/a used',
    'WEB http open GET https://e.test/b used',
    'WEB http open GET https://evil.test/c denied',
  ]);
});

test('Past the limit of kinds it is told once that there are more', () => {
  const many = Array.from(
    { length: TELEMETRY_LIMITS.callUses + 10 },
    (_, index) => [{ label: 'STORE', op: 'get', args: [`k${index}`] }, 'ok'] as const,
  );
  const uses = record(many);
  assert.equal(uses.length, TELEMETRY_LIMITS.callUses + 1);
  assert.deepEqual(shown(uses.slice(-1)), ['  overflow  used']);
  const long: Call = { label: 'STORE', op: 'get', args: ['k'.repeat(TELEMETRY_LIMITS.callNameChars + 1)] };
  assert.deepEqual(record([[long, 'ok']]), []);
});
