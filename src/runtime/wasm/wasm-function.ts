import { HairspringError } from '../../core/index.ts';
import { inspectModule, type WasmAbi } from './inspect-module.ts';
import { type InstanceState, prepareModule } from './prepare-module.ts';

/** A compiled module and how to run it; guest/wasm/functions/types.ts has the guest's side. */
export interface WasmFunction {
  readonly module: WebAssembly.Module;
  /** Size of the binary. */
  readonly bytes: number;
  readonly abi: WasmAbi;
  readonly suspends: boolean;
  readonly reuse: boolean;
  readonly minPages: number;
  readonly maxPages: number;
  /** Undefined where an instance cannot be put back. */
  readonly state: InstanceState | undefined;
  /** Base64 content by path. */
  readonly files: Readonly<Record<string, string>> | undefined;
  /** Arguments of a command in the place of its name and the subject. */
  readonly args?: readonly string[];
}

/** Node's types have the engine's types and not its values. */
const { WebAssembly: engine } = globalThis as unknown as {
  readonly WebAssembly: { readonly Module: new (bytes: Uint8Array) => WebAssembly.Module };
};

export interface ModuleOptions {
  /** The function's, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
  readonly reuse: boolean;
  readonly files: Readonly<Record<string, string>> | undefined;
}

/**
 * Checks a module, bounds its memory, and compiles it. V8 compiles each function when it is first called.
 * @throws HS_WASM_INVALID, HS_FUNCTION_MEMORY
 */
export function compileModule({ name, bytes, memoryBytes, reuse, files }: ModuleOptions): WasmFunction {
  const { abi, suspends, outline } = inspectModule(name, bytes, memoryBytes);
  const prepared = prepareModule(bytes, outline, memoryBytes);
  const { minPages, maxPages, state } = prepared;
  try {
    const module = new engine.Module(prepared.bytes);
    return {
      module,
      bytes: bytes.length,
      abi,
      suspends,
      reuse: reuse && abi === 'reactor',
      minPages,
      maxPages,
      state,
      files,
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^WebAssembly\.Module\(\): /, '') : '';
    throw new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: ${reason.slice(0, 300)}`, { cause });
  }
}
