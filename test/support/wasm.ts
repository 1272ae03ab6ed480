/** WebAssembly modules for tests, from text. */
import assert from 'node:assert/strict';
import loadWabt from 'wabt';
import type { Binding } from '../../src/core/index.ts';
import { type CoreFunction, compileModule, type WasmFunction } from '../../src/runtime/index.ts';
import { CALM_LIMITS } from './spec.ts';

const wabt = await loadWabt();

export interface CompileOptions {
  readonly memoryBytes?: number;
  readonly reuse?: boolean;
  /** Text by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly bindings?: Readonly<Record<string, Binding>>;
}

/** The bytes of a module in WebAssembly's text format. */
export function toWasm(text: string): Uint8Array {
  using module = disposable(
    wabt.parseWat('test.wat', text, { threads: true, memory64: true, exceptions: true }),
  );
  return module.toBinary({}).buffer;
}

/** A module as the cell compiles it. */
export function compileWat(text: string, options: CompileOptions = {}): CoreFunction {
  const compiled = compileBytes(toWasm(text), options);
  assert.ok(compiled.abi !== 'component');
  return compiled;
}

export function compileBytes(bytes: Uint8Array, options: CompileOptions = {}): WasmFunction {
  const { memoryBytes = CALM_LIMITS.memoryBytes, reuse = false, files, bindings = {} } = options;
  return compileModule({
    name: 'probe',
    bytes,
    memoryBytes,
    reuse,
    bindings,
    files:
      files === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(files).map(([path, content]) => [path, Buffer.from(content).toString('base64')]),
          ),
  });
}

function disposable<Module extends { destroy(): void }>(module: Module): Module & Disposable {
  return Object.assign(module, { [Symbol.dispose]: () => module.destroy() });
}

const IMPORTS = {
  fd_write: '(param i32 i32 i32 i32) (result i32)',
  fd_read: '(param i32 i32 i32 i32) (result i32)',
  args_get: '(param i32 i32) (result i32)',
  args_sizes_get: '(param i32 i32) (result i32)',
  environ_get: '(param i32 i32) (result i32)',
  environ_sizes_get: '(param i32 i32) (result i32)',
  proc_exit: '(param i32)',
  poll_oneoff: '(param i32 i32 i32 i32) (result i32)',
  path_open: '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)',
  path_unlink_file: '(param i32 i32 i32) (result i32)',
  fd_readdir: '(param i32 i32 i32 i64 i32) (result i32)',
  fd_close: '(param i32) (result i32)',
  random_get: '(param i32 i32) (result i32)',
  subject_read: '(param i32 i32) (result i32)',
  data_read: '(param i32 i32) (result i32)',
  param_read: '(param i32 i32 i32 i32) (result i32)',
  header_read: '(param i32 i32 i32 i32) (result i32)',
  env_read: '(param i32 i32 i32 i32) (result i32)',
  deadline_ms: '(result i64)',
  reply_write: '(param i32 i32)',
  reply_header: '(param i32 i32 i32 i32)',
  log: '(param i32 i32 i32)',
  call: '(param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)',
  result_value: '(param i32 i32) (result i32)',
  result_data: '(param i32 i32) (result i32)',
} as const;

const FIRST_OF_ABI = Object.keys(IMPORTS).indexOf('subject_read');

/** The text of a module that imports what its body calls, with one page of memory. */
function watModule(exported: string, body: string, rest: string): string {
  const imports = Object.entries(IMPORTS)
    .filter(([name]) => new RegExp(`\\$${name}\\b`).test(body + rest))
    .map(([name, type]) => {
      const from =
        Object.keys(IMPORTS).indexOf(name) < FIRST_OF_ABI ? 'wasi_snapshot_preview1' : 'hairspring_v1';
      return `(import "${from}" "${name}" (func $${name} ${type}))`;
    });
  const memory = /\(memory /.test(rest) ? '' : '(memory (export "memory") 1)';
  return `(module ${imports.join('\n')} ${memory} ${rest} (func (export "${exported}") ${body}))`;
}

/** A command whose `_start` has this body. */
export function command(body: string, rest = ''): string {
  return watModule('_start', body, rest);
}

/** A reactor whose handler has this body and answers 0. */
export function reactor(body: string, rest = ''): string {
  return watModule('hairspring_message', `(result i32) ${body} (i32.const 0)`, rest);
}

/** Instructions that write memory from `at`, `length` bytes long, to a descriptor. */
export function writeFd(fd: number, at: number, length: string): string {
  return `(i32.store (i32.const 0) (i32.const ${at})) (i32.store (i32.const 4) ${length})
    (drop (call $fd_write (i32.const ${fd}) (i32.const 0) (i32.const 1) (i32.const 8)))`;
}
