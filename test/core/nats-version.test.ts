import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareNatsVersions, natsServerHas } from '../../src/core/index.ts';

test('Versions are compared by number, not by text', () => {
  assert.ok(compareNatsVersions('2.9.10', '2.10.0') < 0);
  assert.ok(compareNatsVersions('2.10.27', '2.10.9') > 0);
  assert.equal(compareNatsVersions('2.14.5', '2.14.5'), 0);
});

test('A server has what came with its version or before; one of an unknown version has nothing', () => {
  for (const version of ['2.11.4', 'v2.11.4', '2.11.10-RC.1', '2.12.0', '3.0.0'])
    assert.equal(natsServerHas(version, '2.11.4'), true, version);
  for (const version of ['2.11.3', '2.10.27', '1.99.9', 'unknown', ''])
    assert.equal(natsServerHas(version, '2.11.4'), false, version);
});
