import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trigger } from '../../src/core/index.ts';
import { shapeOf } from '../../src/runtime/index.ts';
import { createTestPool } from '../support/functions.ts';
import { createSpec } from '../support/spec.ts';

const MEMORY = { memoryBytes: 16 * 1024 ** 2 };
const ROUTE: Trigger = { kind: 'http', pattern: '/', methods: [], captures: [] };

test('A script that answers requests is woken where requests were rehearsed, and nothing else is', () => {
  const spec = createSpec();
  const triggers = [...spec.triggers, ROUTE];
  assert.equal(shapeOf(spec).readiness, 'messages');
  assert.equal(shapeOf({ ...spec, triggers }).readiness, 'requests');
  assert.equal(shapeOf({ ...spec, triggers, type: 'wasm' }).readiness, 'messages');
});

test('What most handlers of requests use of the web platform is made before the first request', () => {
  const pool = createTestPool();
  using plain = pool.create(MEMORY);
  using ready = pool.create({ ...MEMORY, readiness: 'requests' });
  const moreBytes = ready.memoryUse().heapBytes - plain.memoryUse().heapBytes;
  assert.ok(moreBytes > 100_000, `${moreBytes} bytes more`);
});
