/** What WebAssembly instances leave behind goes with their isolate, since V8 sees no reason to collect it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction } from '../support/functions.ts';
import { command, compileWat } from '../support/wasm.ts';

const MIB = 1024 ** 2;
const GROWN_PAGES = 16 * 16;

/** Grows by 16 MiB and writes to all of it. */
const GREEDY = command(`(local $at i32) (drop (memory.grow (i32.const ${GROWN_PAGES})))
  (local.set $at (i32.mul (i32.const ${GROWN_PAGES}) (i32.const 65536)))
  (loop $touch
    (local.set $at (i32.sub (local.get $at) (i32.const 4096)))
    (i32.store8 (local.get $at) (i32.const 1))
    (br_if $touch (i32.gt_u (local.get $at) (i32.const 4096))))`);

test('A command whose memory grows with each message does not fill the cell, one by one or all at once', async () => {
  using probe = createTestFunction(compileWat(GREEDY));
  assert.equal(await probe.text(), '');
  const before = process.memoryUsage.rss();
  let most = 0;
  const look = (text: string): void => {
    assert.equal(text, '');
    most = Math.max(most, process.memoryUsage.rss() - before);
  };
  for (let round = 0; round < 60; round += 1) look(await probe.text());
  for (const text of await Promise.all(Array.from({ length: 60 }, () => probe.text()))) look(text);
  assert.ok(most < 400 * MIB, `120 instances of 16 MiB left ${Math.round(most / MIB)} MiB behind`);
});
