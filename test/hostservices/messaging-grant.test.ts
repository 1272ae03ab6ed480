import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeBinding } from '../../src/cli/deploy/describe.ts';
import { HairspringError } from '../../src/core/index.ts';
import { parseDefinition } from '../../src/host/deployments/definition-schema.ts';
import { parseStartRequest, startRequestToWire } from '../../src/host/manifest/index.ts';
import { bindingPermissions } from '../../src/hostservices/permissions.ts';
import { messagingBinding } from '../support/messaging.ts';
import { CALM_LIMITS, createSpec } from '../support/spec.ts';

test('A messaging binding is read from a Nexfile and written back the same', () => {
  const bindings = {
    ALL: { publish: ['a.*'], request: ['b.>'], call: ['c', 'd'] },
    CALLS: { call: ['c'] },
    TELLS: { publish: ['a'] },
  };
  const start = parseStartRequest({ main: 'a.js', bindings });
  assert.deepEqual(start.bindings, {
    ALL: messagingBinding(bindings.ALL),
    CALLS: messagingBinding(bindings.CALLS),
    TELLS: messagingBinding(bindings.TELLS),
  });
  assert.deepEqual(parseStartRequest(startRequestToWire(start)).bindings, start.bindings);
  const many = Array.from({ length: 65 }, (_, index) => `f${index}`);
  for (const call of [[], 'c', ['c.d'], ['*'], [''], ['c\n'], many, [5]]) {
    assert.throws(
      () => parseStartRequest({ main: 'a.js', bindings: { F: { call } } }),
      (error: unknown) => HairspringError.is(error) && error.code === 'HS_NEXFILE_INVALID',
      JSON.stringify(call),
    );
  }
});

test('A stored definition of before there were calls grants none', () => {
  const { publish, request } = messagingBinding({ publish: ['a'] });
  const definition = {
    ...createSpec({ limits: CALM_LIMITS }),
    format: 1,
    description: '',
    tags: {},
    metadata: {},
    bindings: { BUS: { service: 'messaging', publish, request } },
    deployedAt: '',
    runRequest: '',
  };
  const parsed = parseDefinition(Buffer.from(JSON.stringify(definition)));
  assert.deepEqual(parsed?.bindings['BUS'], messagingBinding({ publish: ['a'] }));
});

test('What a binding grants is told in one line, and needs these permissions and no others', () => {
  const binding = messagingBinding({ publish: ['a.*', 'b'], request: ['b'], call: ['c'] });
  assert.equal(describeBinding('BUS', binding), 'BUS: messaging, publish a.* b, request b, call c');
  assert.deepEqual(bindingPermissions(binding, 'mine'), {
    publish: ['a.*', 'b', '$NEX.SVC.mine.control.HS.INVOKE.c'],
  });
  assert.deepEqual(bindingPermissions(messagingBinding(), 'mine'), { publish: [] });
});
