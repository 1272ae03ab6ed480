import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchEncoder } from '../../src/runtime/index.ts';
import type { GuestRecord } from '../../src/runtime/wire/guest-records.ts';
import { createTestPool, loadIsolate, moduleOf } from '../support/functions.ts';
import { readAll } from '../support/guest-records.ts';

test('Of promises given to the context of an invocation that has ended the host is told nothing', () => {
  using isolate = loadIsolate(
    createTestPool(),
    moduleOf(
      `{
        async message(msg, env, ctx) {
          const earlier = kept ?? ctx;
          kept = ctx;
          for (let count = 0; count < 100; count += 1) {
            earlier.waitUntil(count);
            await null;
            await null;
          }
          ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 0)));
        },
      }`,
      'let kept;',
    ),
  );
  const run = (fill: (encoder: BatchEncoder) => void): GuestRecord[] => {
    const encoder = new BatchEncoder();
    fill(encoder);
    return isolate.run(encoder.take(), 5_000).outputs.flatMap(({ json, extras }) => readAll(json, extras));
  };
  for (const id of [1, 2]) {
    const records = run((encoder) => {
      encoder.invoke(id, 0, 'probe', true, 5_000, undefined, new Uint8Array(0));
    });
    assert.deepEqual(
      records.map(({ kind }) => kind),
      ['timer', 'reply'],
    );
    const late = run((encoder) => {
      for (const record of records) if (record.kind === 'timer') encoder.timer(record.timerId);
    });
    assert.deepEqual(late, [{ kind: 'tails-done', id }]);
  }
});
