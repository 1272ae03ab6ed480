/** WebAssembly components for tests, from core modules in text. */
import type { WasmFunction } from '../../../src/runtime/index.ts';
import { type CompileOptions, compileBytes, toWasm } from '../wasm.ts';
import { HANDLER, HTTP_HANDLE } from './handlers.ts';
import type { FunctionText } from './type-list.ts';
import { wrapModule } from './wrap-module.ts';
import { type ImportText, wrapModules } from './wrap-modules.ts';

/** An allocator that never frees. */
const ALLOCATOR = `(global $at (mut i32) (i32.const 8192))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $to i32)
    (local.set $to (i32.and (i32.add (global.get $at) (i32.sub (local.get 2) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get 2))))
    (global.set $at (i32.add (local.get $to) (local.get 3)))
    (local.get $to))`;
const memoryOf = (limits: string): string => `(memory (export "memory") ${limits})`;

export interface ComponentText {
  /** Instructions of the handler, whose parameters are `$subject $subjectLength $headers $headersCount $data …`. */
  readonly body: string;
  /** Other fields of its module; functions of the host are imported from "host" by their names. */
  readonly rest?: string;
  readonly imports?: readonly ImportText[];
  readonly handler?: FunctionText;
  /** Instructions of `handle-message` beside the handler. Of components that import. @default none */
  readonly message?: string;
  /** Under which name it is exported. */
  readonly exported?: string;
  /** The interface in which it is exported. @default none */
  readonly exportedIn?: string;
  /** Limits of the memory. */
  readonly memory?: string;
}

const PARAMS = [
  'subject',
  'subjectLength',
  'headers',
  'headersCount',
  'data',
  'dataLength',
  'params',
  'paramsCount',
]
  .map((each) => `(param $${each} i32)`)
  .join(' ');

/**
 * The bytes of a component. What imports nothing is one module; otherwise a module of its own has the memory, which
 * the functions of the host need before there is an instance to give them to.
 */
export function buildComponent(text: ComponentText): Uint8Array {
  const { body, rest = '', imports = [], handler = HANDLER, memory = '1' } = text;
  const { exported = handler.name, exportedIn } = text;
  const params =
    handler === HANDLER
      ? `${PARAMS} (result i32)`
      : handler === HTTP_HANDLE
        ? '(param $request i32) (param $outparam i32)'
        : '(result i32)';
  const handle = `(func (export "handle") ${params} ${body})`;
  const parts = { handler, exported, exportedIn };
  if (imports.length === 0)
    return wrapModule(toWasm(`(module ${memoryOf(memory)} ${ALLOCATOR} ${rest} ${handle})`), parts);
  const main = toWasm(`(module (import "memory" "memory" (memory ${memory}))
    (import "memory" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    ${rest} ${handle}
    ${text.message === undefined ? '' : `(func (export "message") ${PARAMS} (result i32) ${text.message})`})`);
  const own = toWasm(`(module ${memoryOf(memory)} ${ALLOCATOR})`);
  return wrapModules(own, main, imports, parts, text.message !== undefined);
}

/** A component as the cell compiles it. */
export function compileComponent(text: ComponentText, options: CompileOptions = {}): WasmFunction {
  return compileBytes(buildComponent(text), options);
}
