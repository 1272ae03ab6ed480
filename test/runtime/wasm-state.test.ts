/** Of which modules an instance may be put back: what changes a table, or drops data, is seen however it is written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileModule } from '../../src/runtime/index.ts';
import { readOutline } from '../../src/runtime/wasm/module-outline.ts';
import { type InstanceState, prepareModule } from '../../src/runtime/wasm/prepare-module.ts';
import { compileWat, toWasm } from '../support/wasm.ts';

const HEAD = '(memory (export "memory") 1) (func $f) (type $v (func))';
const TABLE = `${HEAD} (table $t 4 8 funcref) (elem (i32.const 0) $f)`;
const start = (body: string, rest = TABLE): string => `(module ${rest} (func (export "_start") ${body}))`;

function isReset(bytes: Uint8Array): boolean {
  const options = { name: 'probe', memoryBytes: 16 * 1024 ** 2, reuse: false, files: undefined };
  const compiled = compileModule({ ...options, bytes });
  return compiled.abi !== 'component' && compiled.state !== undefined;
}

const CHANGES: readonly (readonly [what: string, text: string])[] = [
  ['sets an element', start('(table.set $t (i32.const 0) (ref.null func))')],
  ['grows a table', start('(drop (table.grow $t (ref.null func) (i32.const 1)))')],
  ['fills a table', start('(table.fill $t (i32.const 0) (ref.null func) (i32.const 1))')],
  ['copies elements', start('(table.copy (i32.const 0) (i32.const 1) (i32.const 1))')],
  [
    'initialises elements',
    start('(table.init $e (i32.const 0) (i32.const 0) (i32.const 1))', `${TABLE} (elem $e func $f)`),
  ],
  ['drops elements', start('(elem.drop $e)', `${TABLE} (elem $e func $f)`)],
  ['drops elements without a table', start('(elem.drop $e)', `${HEAD} (elem $e func $f)`)],
  ['drops data', start('(data.drop $d)', `${HEAD} (data $d "x")`)],
  ['keeps a reference', start('', `${TABLE} (global (mut funcref) (ref.null func))`)],
  ['keeps a reference of the host', start('', `${TABLE} (global (mut externref) (ref.null extern))`)],
  ['keeps a vector', start('', `${TABLE} (global (mut v128) (v128.const i32x4 0 0 0 0))`)],
  ['has a table of references of the host', start('', `${HEAD} (table 1 externref)`)],
  ['has too many globals', start('', `${TABLE} ${'(global (mut i32) (i32.const 0))'.repeat(33)}`)],
  [
    'has taken the name',
    start('', `${TABLE} (global (export "hairspring_global_0") (mut i32) (i32.const 0))`),
  ],
];

for (const [what, text] of CHANGES)
  test(`An instance of a module that ${what} is not put back`, () => {
    assert.equal(compileWat(text).state, undefined);
  });

test('Names and memory of the state are found where they are', () => {
  const rest = `${TABLE} (global i32 (i32.const 1)) (global $b (mut i64) (i64.const -1)) (global f64 (f64.const 1))
    (global (mut f32) (f32.const 2)) (global funcref (ref.func $f))
    (data (i32.const 700) "abc") (data (i32.const 65000) "") (data (i32.const 80) "x") (data $passive "none")`;
  assert.deepEqual(compileWat(start('', rest)).state, {
    globals: ['hairspring_global_1', 'hairspring_global_3'],
    data: { start: 80, end: 703 },
    starts: false,
  });
  const computed = `${TABLE} (global $g i32 (i32.const 700)) (data (global.get $g) "abc")`;
  assert.deepEqual(compileWat(start('', computed)).state?.data, { start: 0, end: 65_536 });
  assert.deepEqual(compileWat(start('')).state, { globals: [], data: { start: 0, end: 0 }, starts: false });
  assert.deepEqual(compileWat(start('', `${TABLE} (start $f)`)).state, {
    globals: [],
    data: undefined,
    starts: true,
  });
});

/** Instructions that leave the stack as it was, with operands that look like something else. */
const harmless: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map((value) => `(drop (i32.const ${value}))`),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => `(drop (i64.const ${value}))`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => `(drop (f64.const ${value}))`),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => `(drop (f32.const ${value}))`),
  fc
    .array(fc.integer(), { minLength: 4, maxLength: 4 })
    .map((lanes) => `(drop (v128.const i32x4 ${lanes.join(' ')}))`),
  fc
    .array(fc.integer({ min: 0, max: 31 }), { minLength: 16, maxLength: 16 })
    .map((lanes) => `(drop (i8x16.shuffle ${lanes.join(' ')} (local.get $v) (local.get $v)))`),
  fc.nat().map((offset) => `(i64.store offset=${offset} (local.get $i) (i64.const 38))`),
  fc.nat().map((offset) => `(drop (i32.load8_u offset=${offset} (i32.const 38)))`),
  fc.nat().map((offset) => `(drop (v128.load offset=${offset} align=1 (i32.const 38)))`),
  fc.nat(15).map((lane) => `(drop (i8x16.extract_lane_u ${lane} (local.get $v)))`),
  fc.nat(15).map((lane) => `(drop (v128.load8_lane offset=38 ${lane} (local.get $i) (local.get $v)))`),
  fc.nat(3).map((lane) => `(v128.store32_lane ${lane} (local.get $i) (local.get $v))`),
  fc
    .array(fc.nat(2), { maxLength: 40 })
    .map((targets) => `(block (block (block (br_table ${targets.join(' ')} 0 (local.get $i)))))`),
  fc.constantFrom(
    '(nop)',
    '(call $f)',
    '(call_indirect (type $v) (local.get $i))',
    '(if (local.get $i) (then (nop)) (else (nop)))',
    '(loop $l (br_if $l (i32.const 0)))',
    '(local.set $i (block (result i32) (i32.const 38)))',
    '(drop (block (result funcref) (ref.func $f)))',
    '(drop (select (result funcref) (ref.null func) (ref.func $f) (local.get $i)))',
    '(drop (select (i32.const 1) (i32.const 2) (local.get $i)))',
    '(drop (table.get $t (local.get $i)))',
    '(drop (table.size $t))',
    '(drop (ref.is_null (ref.null extern)))',
    '(memory.fill (i32.const 0) (i32.const 38) (i32.const 4))',
    '(memory.copy (i32.const 0) (i32.const 38) (i32.const 4))',
    '(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))',
    '(drop (memory.grow (i32.const 0)))',
    '(drop (memory.size))',
    '(drop (i64.trunc_sat_f64_u (f64.const 1)))',
    '(drop (i32.extend8_s (i32.clz (local.get $i))))',
    '(drop (i32x4.add (local.get $v) (f64x2.convert_low_i32x4_u (local.get $v))))',
    '(drop (v128.bitselect (local.get $v) (local.get $v) (local.get $v)))',
    '(drop (v128.load32_zero (local.get $i)))',
    '(drop (i32x4.splat (local.get $i)))',
  ),
);

const change = fc.constantFrom(
  '(table.set $t (local.get $i) (ref.null func))',
  '(drop (table.grow $t (ref.null func) (local.get $i)))',
  '(table.fill $t (local.get $i) (ref.null func) (local.get $i))',
  '(table.copy (local.get $i) (local.get $i) (local.get $i))',
  '(data.drop $d)',
);

test('A change is found among any other instructions, and nothing else is taken for one', () => {
  const functions = fc.array(fc.array(harmless, { maxLength: 30 }), { minLength: 1, maxLength: 4 });
  const place = fc.record({ change: fc.option(change), in: fc.nat(), at: fc.nat() });
  fc.assert(
    fc.property(functions, place, (bodies, { change: changing, in: which, at }) => {
      const all = bodies.map((body) => [...body]);
      const chosen = all[which % all.length] ?? [];
      if (changing !== null) chosen.splice(at % (chosen.length + 1), 0, changing);
      const rest = all.map((body) => `(func (local $i i32) (local $v v128) ${body.join(' ')})`).join(' ');
      const text = start('', `${TABLE} (elem declare func $f) (data $d "d") ${rest}`);
      assert.equal(isReset(toWasm(text)), changing === null);
    }),
    { numRuns: 300 },
  );
});

/** The module whose `_start` has these bytes as its body, with two locals of type i32 and externref. */
function withBody(body: readonly number[]): Uint8Array {
  // What drops data wants their count, which is there when something else uses them.
  const rest = `${TABLE} (data $d "d") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)))`;
  const bytes = Buffer.from(toWasm(start('(local i32 externref) (nop) (nop)', rest)));
  // The last function: its length, its locals, and two instructions of one byte.
  const marker = Buffer.from([2, 1, 0x7f, 1, 0x6f, 1, 1, 0x0b]);
  const found = bytes.lastIndexOf(marker);
  assert.ok(found > 0);
  const code = Buffer.from([2, 1, 0x7f, 1, 0x6f, ...body, 0x0b]);
  const codeStart = sectionStart(bytes, 10);
  const content = bytes.subarray(codeStart + 2, found - 1);
  assert.ok(code.length < 100 && content.length + code.length < 120, 'lengths are of one byte');
  return Buffer.concat([
    bytes.subarray(0, codeStart),
    Buffer.from([10, content.length + 1 + code.length]),
    content,
    Buffer.from([code.length]),
    code,
    bytes.subarray(found + marker.length),
  ]);
}

function sectionStart(bytes: Uint8Array, wanted: number): number {
  let at = 8;
  while (bytes[at] !== wanted) at += 2 + (bytes[at + 1] ?? 0);
  return at;
}

const I32_0 = [0x41, 0];
const NULL = [0xd0, 0x70];
const DROP = 0x1a;

test('Numbers that are written longer than they need to be hide nothing', () => {
  const hidden: readonly (readonly number[])[] = [
    [0x41, 0x80, 0x80, 0x80, 0x80, 0x00, ...NULL, 0x26, 0x80, 0x80, 0x80, 0x80, 0x00], // table.set
    [...NULL, ...I32_0, 0xfc, 0x8f, 0x00, 0x00, DROP], // table.grow
    [...I32_0, ...NULL, ...I32_0, 0xfc, 0x91, 0x80, 0x00, 0x80, 0x00], // table.fill
    [...I32_0, ...I32_0, ...I32_0, 0xfc, 0x8e, 0x80, 0x80, 0x80, 0x00, 0x00, 0x00], // table.copy
    [0xfc, 0x89, 0x80, 0x80, 0x80, 0x00, 0x80, 0x00], // data.drop
    // A constant that looks like the end of the function, and one like the beginning of another constant.
    [0x41, 0x8b, 0x96, 0x00, DROP, ...I32_0, ...NULL, 0x26, 0x00],
    [0x42, 0xc1, 0xc2, 0xc3, 0xc4, 0xc1, 0xc2, 0xc3, 0xc4, 0xc1, 0x00, DROP, ...I32_0, ...NULL, 0x26, 0x00],
    // After a block whose type is the number of one, written with two bytes.
    [0x02, 0x80, 0x00, 0x0b, ...I32_0, ...NULL, 0x26, 0x00],
  ];
  for (const body of hidden) assert.equal(isReset(withBody(body)), false, `${body}`);
  const harmlessOnes: readonly (readonly number[])[] = [
    [0x41, 0xa6, 0x80, 0x80, 0x80, 0x00, DROP],
    [0x42, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0x26, DROP],
    [0x44, 0x26, 0x26, 0xfc, 0x0f, 0x26, 0x0b, 0x0b, 0x26, DROP],
    [0xfd, 0x8c, 0x00, ...new Array<number>(16).fill(0x26), DROP], // v128.const
    [...I32_0, 0x28, 0x82, 0x00, 0xa6, 0x00, DROP], // i32.load
    [...I32_0, 0x28, 0x42, 0x00, 0x26, DROP], // i32.load that names its memory
  ];
  for (const body of harmlessOnes) assert.equal(isReset(withBody(body)), true, `${body}`);
});

test('Instructions of the proposals that may keep state elsewhere count as a change', () => {
  const unknown: readonly (readonly number[])[] = [
    [0xfe, 0x03, 0x00], // atomic.fence
    [...I32_0, 0xfb, 0x1c, 0xfb, 0x1d, DROP], // ref.i31, i31.get_s
    [...NULL, 0xd4, DROP], // ref.as_non_null
  ];
  for (const body of unknown) assert.equal(isReset(withBody(body)), false, `${body}`);
});

/** A module of a component, with what it takes from the others. */
function stateInComponent(imports: string, body: string, rest = ''): InstanceState | undefined {
  const bytes = toWasm(`(module ${imports} (func (export "run") ${body}) ${rest})`);
  return prepareModule(bytes, readOutline(bytes), 65_536, 0).state;
}

test('A module that changes the table of another one, or has data for its memory, is not put back', () => {
  const table = '(import "main" "t" (table $t 4 funcref))';
  assert.ok(stateInComponent(table, '(call_indirect (i32.const 0))'));
  assert.ok(stateInComponent(table, '', '(func $f) (elem (i32.const 0) $f)'));
  assert.equal(stateInComponent(table, '(table.set $t (i32.const 0) (ref.null func))'), undefined);
  assert.equal(stateInComponent(table, '(drop (table.grow $t (ref.null func) (i32.const 1)))'), undefined);
  const memory = '(import "main" "memory" (memory 1))';
  assert.ok(stateInComponent(memory, '(i32.store (i32.const 0) (i32.const 1))'));
  assert.equal(stateInComponent(memory, '', '(data (i32.const 0) "x")'), undefined);
});

test('Globals of its own are numbered after those that a module imports', () => {
  const imports = '(import "main" "a" (global i32)) (import "main" "b" (global (mut i32)))';
  const state = stateInComponent(
    imports,
    '(global.set 3 (i32.const 1))',
    '(global i32 (i32.const 0)) (global (mut i32) (i32.const 0))',
  );
  assert.deepEqual(state?.globals, ['hairspring_global_3']);
  assert.deepEqual(stateInComponent(imports, '(global.set 1 (i32.const 1))')?.globals, []);
});
