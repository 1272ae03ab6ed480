import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallRecorder } from '../../src/cell/observe/call-recorder.ts';
import {
  type CallUse,
  type FunctionSpec,
  type InvocationStatus,
  type ObservedCall,
  TELEMETRY_LIMITS,
} from '../../src/core/index.ts';
import { httpBinding } from '../support/http.ts';
import { kvBinding } from '../support/kv.ts';
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
function record(calls: readonly (readonly [Call, InvocationStatus])[], spec = SPEC): readonly CallUse[] {
  const recorder = new CallRecorder();
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
