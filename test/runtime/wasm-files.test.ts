/** The in-memory file system of a command, as programs use one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, type TestFunction } from '../support/functions.ts';
import { CALM_LIMITS } from '../support/spec.ts';
import { command, compileWat, writeFd } from '../support/wasm.ts';

/** What the files of a function may take that were written to. */
const FS_BYTES = CALM_LIMITS.memoryBytes / 4;

/** The number that it answers with. */
async function firstWord(probe: TestFunction): Promise<number> {
  const answer = await probe.call();
  assert.ok(answer.ok, answer.ok ? '' : answer.error.message);
  return Buffer.from(answer.outcome.payload ?? '').readUInt32LE(0);
}

/** Opens the path of `length` bytes at 512 below the root, and leaves the descriptor at 16, the error number at 20. */
function open(length: number, flags: { readonly create?: boolean; readonly truncate?: boolean }) {
  const openFlags = (flags.create === true ? 1 : 0) + (flags.truncate === true ? 8 : 0);
  return `(i32.store (i32.const 20) (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const ${length})
    (i32.const ${openFlags}) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 16)))`;
}

/** Instructions that do `body` for each `$n` below `count`. */
function forEach(count: number, body: string): string {
  return `(global.set $n (i32.const 0)) (loop $next ${body}
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (br_if $next (i32.lt_u (global.get $n) (i32.const ${count}))))`;
}

test('A program that removes what it has read of a directory reads all of it', async () => {
  const rest = `(data (i32.const 512) "f_") (global $n (mut i32) (i32.const 0))
    (global $at (mut i32) (i32.const 0)) (global $count (mut i32) (i32.const 0)) (global $before (mut i32) (i32.const 0))
    (global $cookie (mut i64) (i64.const 0))`;
  const nameLength = '(i32.load offset=16 (global.get $at))';
  const entryEnd = `(i32.add (i32.add (global.get $at) (i32.const 24)) ${nameLength})`;
  const used = '(i32.add (i32.const 1024) (i32.load (i32.const 8)))';
  const body = `
    ${forEach(20, `(i32.store8 (i32.const 513) (i32.add (i32.const 97) (global.get $n))) ${open(2, { create: true })}`)}
    (loop $read
      (global.set $before (global.get $count))
      (drop (call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 64) (global.get $cookie) (i32.const 8)))
      (global.set $at (i32.const 1024))
      (block $part (loop $entry
        (br_if $part (i32.gt_u (i32.add (global.get $at) (i32.const 24)) ${used}))
        (br_if $part (i32.gt_u ${entryEnd} ${used}))
        (global.set $cookie (i64.load (global.get $at)))
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (drop (call $path_unlink_file (i32.const 3) (i32.add (global.get $at) (i32.const 24)) ${nameLength}))
        (global.set $at ${entryEnd})
        (br $entry)))
      (br_if $read (i32.lt_u (global.get $before) (global.get $count))))
    (i32.store8 (i32.const 32) (global.get $count)) ${writeFd(1, 32, '(i32.const 1)')}`;
  using probe = createTestFunction(compileWat(command(body, rest), { files: {} }));
  const [count] = Buffer.from(await probe.text(), 'latin1');
  assert.equal(count, 22, '"." and ".." and 20 files');
});

test('A bundled file may be emptied, though it is larger than what may be written', async () => {
  const body = `${open(5, { truncate: true })} ${writeFd(1, 20, '(i32.const 4)')}`;
  const code = compileWat(command(body, '(data (i32.const 512) "large")'), {
    files: { large: 'x'.repeat(FS_BYTES + 1) },
  });
  using probe = createTestFunction(code);
  assert.equal(await firstWord(probe), 0);
});

for (const [what, truncate] of [
  ['emptied', true],
  ['written over', false],
] as const)
  test(`Bundled files that are ${what} take no more room than they have`, async () => {
    const names = [...'abcdefghij'];
    const files = Object.fromEntries(names.map((name) => [`f${name}`, 'x'.repeat(FS_BYTES * 0.08)]));
    const rest = '(data (i32.const 512) "f_") (global $n (mut i32) (i32.const 0))';
    const writes = `(i32.store (i32.const 0) (i32.const 512)) (i32.store (i32.const 4) (i32.const 1))
      (i32.store (i32.const 28) (call $fd_write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))`;
    const each = `(i32.store8 (i32.const 513) (i32.add (i32.const 97) (global.get $n)))
      ${open(2, { truncate })} ${writes}
      (i32.store (i32.const 24) (i32.or (i32.load (i32.const 24)) (i32.or (i32.load (i32.const 20)) (i32.load (i32.const 28)))))`;
    const body = `${forEach(names.length, each)} ${writeFd(1, 24, '(i32.const 4)')}`;
    using probe = createTestFunction(compileWat(command(body, rest), { files }));
    assert.equal(await firstWord(probe), 0);
  });
