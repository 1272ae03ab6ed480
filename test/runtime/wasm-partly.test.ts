/** Calls of WASI preview 1 that cannot do all that they are asked: what they have changed is what they say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction } from '../support/functions.ts';
import { CALM_LIMITS } from '../support/spec.ts';
import { command, compileWat, writeFd } from '../support/wasm.ts';

/** What the files of a function may take that were written to. */
const FS_BYTES = CALM_LIMITS.memoryBytes / 4;
/** What a command may answer. */
const STDOUT_BYTES = 16 * 1024 ** 2;
const RIGHTS = { read: 2, seek: 4, tell: 32, write: 64, filestatGet: 1 << 21 };
const ALL = Object.values(RIGHTS).reduce((sum, right) => sum | right, 0);
const CREATE = 1;
const TRUNCATE = 8;
const ERRNO = { success: 0, fault: 21, inval: 28, mfile: 33, noent: 44, nospc: 51, fbig: 22, notsup: 58 };

const IMPORTS = `(import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func $limit (param i32 i64 i64) (result i32)))`;

/** Instructions that leave the error number of a call at `at`. */
const errnoAt = (at: number, call: string): string => `(i32.store (i32.const ${at}) ${call})`;

interface Opening {
  readonly openFlags?: number;
  readonly flags?: number;
  readonly result?: number;
}

/** Opens "ab" below the root; the descriptor is at 16. */
function open({ openFlags = CREATE, flags = 0, result = 16 }: Opening = {}): string {
  return `(call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 2) (i32.const ${openFlags})
    (i64.const ${ALL}) (i64.const 0) (i32.const ${flags}) (i32.const ${result}))`;
}

/** Vectors at 0, each of the memory from 1024. */
function vectors(...lengths: readonly number[]): string {
  return lengths
    .map(
      (length, index) =>
        `(i32.store (i32.const ${index * 8}) (i32.const 1024)) (i32.store (i32.const ${index * 8 + 4}) (i32.const ${length}))`,
    )
    .join('\n');
}

const FD = '(i32.load (i32.const 16))';
/** The offset to 64, the size to 72. */
const LOOK = `(drop (call $tell ${FD} (i32.const 64))) (drop (call $stat ${FD} (i32.const 128)))
  (i64.store (i32.const 72) (i64.load (i32.const 160)))`;
const REST = `(memory (export "memory") 160) (data (i32.const 512) "ab")`;

/** The words that the module leaves from 48 on: the first two are of 32 bits, offset and size of 64. */
async function run(body: string, files = {}, rest = '') {
  const text = command(`${body} ${writeFd(1, 48, '(i32.const 32)')}`, REST + rest);
  const module = text.replace('(module', `(module ${IMPORTS}`);
  using probe = createTestFunction(compileWat(module, { files }));
  const answer = await probe.call();
  assert.ok(answer.ok, answer.ok ? '' : answer.error.message);
  const bytes = Buffer.from(answer.outcome.payload ?? '');
  return {
    errno: bytes.readUInt32LE(0),
    written: bytes.readUInt32LE(4),
    offset: Number(bytes.readBigUInt64LE(16)),
    size: Number(bytes.readBigUInt64LE(24)),
  };
}

const write = errnoAt(48, `(call $fd_write ${FD} (i32.const 0) (i32.const 2) (i32.const 52))`);
const pwrite = (at: number) =>
  errnoAt(48, `(call $pwrite ${FD} (i32.const 0) (i32.const 2) (i64.const ${at}) (i32.const 52))`);

test('A write whose later vector finds no room says how much it wrote, and the offset is behind that', async () => {
  const found = await run(`(drop ${open()}) ${vectors(100, FS_BYTES)} ${write} ${LOOK}`);
  assert.deepEqual(found, { errno: ERRNO.success, written: 100, offset: 100, size: 100 });
});

test('The same at an offset says how much it wrote', async () => {
  const found = await run(`(drop ${open()}) ${vectors(100, FS_BYTES)} ${pwrite(20)} ${LOOK}`);
  assert.deepEqual(found, { errno: ERRNO.success, written: 100, offset: 0, size: 120 });
});

test('A write whose first vector finds no room is an error and writes nothing', async () => {
  const found = await run(`(drop ${open()}) ${vectors(FS_BYTES + 1, 1)} ${write} ${LOOK}`);
  assert.deepEqual(found, { errno: ERRNO.fbig, written: 0, offset: 0, size: 0 });
});

test('Empty vectors before one that finds no room are no bytes written', async () => {
  const found = await run(`(drop ${open()}) ${vectors(0, FS_BYTES + 1)} ${write} ${LOOK}`);
  assert.deepEqual(found, { errno: ERRNO.fbig, written: 0, offset: 0, size: 0 });
});

test('Nothing written beyond the end leaves the length of a file', async () => {
  const found = await run(`(drop ${open()}) ${vectors(0, 0)} ${pwrite(1000)} ${LOOK}`);
  assert.deepEqual(found, { errno: ERRNO.success, written: 0, offset: 0, size: 0 });
});

test('A reply whose later vector finds no room is written as far as it says', async () => {
  const rest = `(memory (export "memory") 272) (data (i32.const 1024) "head")`;
  const body = `${vectors(4, STDOUT_BYTES)}
    ${errnoAt(48, '(call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 52))')}
    ${writeFd(1, 48, '(i32.const 8)')}`;
  using probe = createTestFunction(compileWat(command(body, rest)));
  assert.equal(await probe.text(), 'head\0\0\0\0\x04\0\0\0');
});

/** Opens the file as it is, and looks whether it is there and how large. */
const AFTERWARDS = `${errnoAt(52, open({ openFlags: 0 }))} ${LOOK}`;

for (const flag of [2, 8, 16])
  test(`A file that would be opened with flag ${flag}, which there is not, is neither made nor emptied`, async () => {
    const made = await run(`${errnoAt(48, open({ flags: flag }))} ${AFTERWARDS}`);
    assert.deepEqual([made.errno, made.written], [ERRNO.notsup, ERRNO.noent]);
    const truncating = errnoAt(48, open({ openFlags: TRUNCATE, flags: flag }));
    const emptied = await run(`${truncating} ${AFTERWARDS}`, { ab: 'content' });
    assert.deepEqual(emptied, { errno: ERRNO.notsup, written: ERRNO.success, offset: 0, size: 7 });
  });

/** Opens the root until there is no descriptor left, and closes one when the file has been tried. */
const exhausted = (opening: string): string => `
  (loop $more (br_if $more (i32.eqz (call $path_open (i32.const 3) (i32.const 0) (i32.const 514) (i32.const 1)
    (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 16)))))
  ${errnoAt(48, opening)} (drop (call $fd_close (i32.const 10))) ${AFTERWARDS}`;
const DOT = '(data (i32.const 514) ".")';

test('A file for which there is no descriptor left is neither made nor emptied', async () => {
  const made = await run(exhausted(open()), {}, DOT);
  assert.deepEqual([made.errno, made.written], [ERRNO.mfile, ERRNO.noent]);
  const emptied = await run(exhausted(open({ openFlags: TRUNCATE })), { ab: 'content' }, DOT);
  assert.deepEqual(emptied, { errno: ERRNO.mfile, written: ERRNO.success, offset: 0, size: 7 });
});

test('A file that may not be emptied is not made by a call that asks for both', async () => {
  const rights = (1 << 10) | (1 << 13);
  const body = `(drop (call $limit (i32.const 3) (i64.const ${rights}) (i64.const ${ALL})))
    ${errnoAt(48, open({ openFlags: CREATE | TRUNCATE }))} ${AFTERWARDS}`;
  const found = await run(body);
  assert.deepEqual([found.errno, found.written], [76, ERRNO.noent]);
});

test('A file whose descriptor could not be told is neither made nor emptied', async () => {
  const made = await run(`${errnoAt(48, open({ result: -2 }))} ${AFTERWARDS}`);
  assert.deepEqual([made.errno, made.written], [ERRNO.fault, ERRNO.noent]);
});

for (const [what, flags] of [
  ['for a while', 0],
  ['until a time', 1],
] as const)
  test(`Waiting ${what} by a clock that there is not is an error`, async () => {
    const body = `(i32.store (i32.const 216) (i32.const 77)) (i64.store (i32.const 224) (i64.const 1000))
      (i32.store16 (i32.const 240) (i32.const ${flags}))
      ${errnoAt(48, '(call $poll_oneoff (i32.const 200) (i32.const 256) (i32.const 1) (i32.const 512))')}`;
    assert.equal((await run(body)).errno, ERRNO.inval);
  });
