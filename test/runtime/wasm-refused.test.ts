import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError } from '../../src/core/index.ts';
import { compileModule } from '../../src/runtime/index.ts';
import { command, compileWat, reactor, toWasm } from '../support/wasm.ts';

function refusal(action: () => unknown): HairspringError {
  try {
    action();
  } catch (error) {
    assert.ok(HairspringError.is(error), String(error));
    return error;
  }
  return assert.fail('it was taken');
}

const { WebAssembly: engine } = globalThis as unknown as {
  readonly WebAssembly: { validate(bytes: Uint8Array): boolean };
};

const isValid = (bytes: Uint8Array): boolean => engine.validate(bytes);

const compileBytes = (bytes: Uint8Array) => () =>
  compileModule({ name: 'probe', bytes, memoryBytes: 16 * 1024 ** 2, reuse: false, files: undefined });

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  [
    'without a start',
    '(module (memory (export "memory") 1))',
    /exports neither _start nor hairspring_message/,
  ],
  ['without a memory', '(module (func (export "_start")))', /exports no memory/],
  [
    'with an import that nobody provides',
    command('', '').replace('(module', '(module (import "env" "now" (func))'),
    /"env"."now", which nobody provides/,
  ],
  [
    'with an unknown call of WASI',
    command('').replace('(module', '(module (import "wasi_snapshot_preview1" "fd_teleport" (func))'),
    /"fd_teleport", which WASI preview 1 does not have/,
  ],
  [
    'with an unknown import of the ABI',
    reactor('').replace('(module', '(module (import "hairspring_v1" "root" (func))'),
    /"root", which this version of the ABI does not have/,
  ],
  [
    'a command with an import of the reactor ABI',
    command('').replace('(module', '(module (import "hairspring_v1" "log" (func))'),
    /which nobody provides/,
  ],
  [
    'with an imported memory',
    '(module (import "env" "memory" (memory 1)) (func (export "_start")))',
    /imports the memory/,
  ],
  [
    'with a shared memory',
    '(module (memory (export "memory") 1 2 shared) (func (export "_start")))',
    /shared or 64-bit/,
  ],
  [
    'with a 64-bit memory',
    '(module (memory (export "memory") i64 1) (func (export "_start")))',
    /shared or 64-bit/,
  ],
  [
    'with a huge table',
    '(module (memory (export "memory") 1) (table 5000000 funcref) (func (export "_start")))',
    /tables have 5000000 elements/,
  ],
];

for (const [what, text, message] of REFUSED) {
  test(`A module ${what} is refused in plain words`, () => {
    const error = refusal(() => compileWat(text));
    assert.equal(error.code, 'HS_WASM_INVALID');
    assert.match(error.message, message);
    assert.ok((error.hint ?? '').length > 10, 'it has a hint');
  });
}

test('A module that begins with more memory than the limit is refused with both figures', () => {
  const error = refusal(() =>
    compileWat('(module (memory (export "memory") 1000) (func (export "_start")))', {
      memoryBytes: 16 * 1024 ** 2,
    }),
  );
  assert.equal(error.code, 'HS_FUNCTION_MEMORY');
  assert.match(error.message, /62\.5MiB.*16MiB/);
});

test('What is no module is refused, whatever it is', () => {
  const module = toWasm(command(''));
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array(0), /not a WebAssembly module/],
    [Buffer.from('#!/bin/sh'), /not a WebAssembly module/],
    [module.subarray(0, module.length - 3), /damaged module|Cannot load probe/],
    [Buffer.concat([module, Buffer.from([7, 200])]), /damaged module/],
  ];
  for (const [bytes, message] of cases) {
    const error = refusal(compileBytes(bytes));
    assert.equal(error.code, 'HS_WASM_INVALID');
    assert.match(error.message, message);
  }
});

test('A module cut off anywhere is refused with the same code, never another error', () => {
  const module = toWasm(
    command('(call $proc_exit (i32.const 0))', '(data (i32.const 0) "abc") (table 3 funcref)'),
  );
  for (let length = 0; length < module.length; length += 1) {
    // Without its last sections it may be a smaller module.
    if (isValid(module.subarray(0, length))) continue;
    assert.equal(
      refusal(compileBytes(module.subarray(0, length))).code,
      'HS_WASM_INVALID',
      `${length} bytes`,
    );
  }
});

test('Sections out of order are refused: what is bounded is what the engine reads', () => {
  const tables = toWasm('(module (table 1 funcref))').subarray(8);
  const rest = toWasm('(module (memory (export "memory") 1) (func (export "_start")))');
  assert.match(refusal(compileBytes(Buffer.concat([rest, tables]))).message, /order/);
});
