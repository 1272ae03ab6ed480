import { type Binding, HairspringError } from '../../core/index.ts';
import type { ModuleFeature } from '../isolate/prelude.ts';
import { inspectComponent } from './component/compile-component.ts';
import type { ComponentPlan, StepMemory } from './component/plan.ts';
import { inspectModule, WASI_MODULE, type WasmAbi } from './inspect-module.ts';
import { formatOf } from './module-outline.ts';
import { type InstanceState, prepareModule } from './prepare-module.ts';

/** What is compiled and how to run it; guest/wasm/functions/types.ts has the guest's side. */
export type WasmFunction = CoreFunction | ComponentFunction;

interface CompiledFunction {
  /** One, or those of a component. */
  readonly modules: readonly WebAssembly.Module[];
  /** Size of the binary. */
  readonly bytes: number;
  /** Parts of the guest's runtime that it needs. */
  readonly features: readonly ModuleFeature[];
  readonly suspends: boolean;
}

interface ComponentFunction extends CompiledFunction {
  readonly abi: 'component';
  readonly plan: ComponentPlan;
  /** By step of the plan. */
  readonly memories: readonly StepMemory[];
  /** By step of the plan; undefined where an instance cannot be put back. */
  readonly states: readonly InstanceState[] | undefined;
}

export interface CoreFunction extends CompiledFunction {
  readonly abi: WasmAbi;
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
  /** What a component may import depends on them. @default none */
  readonly bindings?: Readonly<Record<string, Binding>>;
}

/**
 * Checks a module or component, bounds its memory, and compiles it. V8 compiles each function when it is first called.
 * @throws HS_WASM_INVALID, HS_FUNCTION_MEMORY
 */
export function compileModule(options: ModuleOptions): WasmFunction {
  return formatOf(options.bytes) === 'component' ? compileComponent(options) : compileCore(options);
}

function compileComponent({ name, bytes, memoryBytes, bindings = {}, files }: ModuleOptions): WasmFunction {
  if (files !== undefined)
    throw new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: a component has no files`, {
      hint: 'Remove start_request.files from the Nexfile',
    });
  const services = new Set(Object.values(bindings).map(({ service }) => service));
  const { modules, ...inspected } = inspectComponent(name, bytes, memoryBytes, services);
  return {
    modules: modules.map((module) => compileBytes(name, module)),
    bytes: bytes.length,
    features: ['functions', 'components'],
    abi: 'component',
    ...inspected,
  };
}

function compileCore({ name, bytes, memoryBytes, reuse, files }: ModuleOptions): WasmFunction {
  const { abi, suspends, outline } = inspectModule(name, bytes, memoryBytes);
  const usesWasi = abi === 'command' || outline.imports.some(({ module }) => module === WASI_MODULE);
  const prepared = prepareModule(bytes, outline, memoryBytes);
  const { minPages, maxPages, state } = prepared;
  return {
    modules: [compileBytes(name, prepared.bytes)],
    bytes: bytes.length,
    features: usesWasi ? ['functions', 'wasi'] : ['functions'],
    abi,
    suspends,
    reuse: reuse && abi === 'reactor',
    minPages,
    maxPages,
    state,
    files,
  };
}

function compileBytes(name: string, bytes: Uint8Array): WebAssembly.Module {
  try {
    return new engine.Module(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^WebAssembly\.Module\(\): /, '') : '';
    throw new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: ${reason.slice(0, 300)}`, { cause });
  }
}
