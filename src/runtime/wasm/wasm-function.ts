import { type Binding, HairspringError } from '../../core/index.ts';
import type { ModuleFeature } from '../isolate/prelude.ts';
import { tableGrowth } from './bound-tables.ts';
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
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => WebAssembly.Module;
    compile(bytes: Uint8Array): Promise<WebAssembly.Module>;
  };
};

/** What is left to compile of a function. */
interface Uncompiled {
  readonly binaries: readonly Uint8Array[];
  finish(modules: readonly WebAssembly.Module[]): WasmFunction;
}

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
  const { binaries, finish } = prepare(options);
  try {
    return finish(binaries.map((binary) => new engine.Module(binary)));
  } catch (error) {
    throw refusalOf(options.name, error);
  }
}

/** As {@link compileModule}, with V8's part of it on other threads. */
export async function compileModuleBeside(options: ModuleOptions): Promise<WasmFunction> {
  const { binaries, finish } = prepare(options);
  try {
    return finish(await Promise.all(binaries.map((binary) => engine.compile(binary))));
  } catch (error) {
    throw refusalOf(options.name, error);
  }
}

function prepare(options: ModuleOptions): Uncompiled {
  return formatOf(options.bytes) === 'component' ? prepareComponent(options) : prepareCore(options);
}

function prepareComponent({ name, bytes, memoryBytes, bindings = {}, files }: ModuleOptions): Uncompiled {
  if (files !== undefined)
    throw new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: a component has no files`, {
      hint: 'Remove start_request.files from the Nexfile',
    });
  const services = new Set(Object.values(bindings).map(({ service }) => service));
  const { modules: binaries, ...inspected } = inspectComponent(name, bytes, memoryBytes, services);
  return {
    binaries,
    finish: (modules) => ({
      modules,
      bytes: bytes.length,
      features: ['functions', 'components'],
      abi: 'component',
      ...inspected,
    }),
  };
}

function prepareCore({ name, bytes, memoryBytes, reuse, files }: ModuleOptions): Uncompiled {
  const { abi, suspends, outline } = inspectModule(name, bytes, memoryBytes);
  const usesWasi = abi === 'command' || outline.imports.some(({ module }) => module === WASI_MODULE);
  const prepared = prepareModule(bytes, outline, memoryBytes, tableGrowth([outline]));
  const { minPages, maxPages, state } = prepared;
  return {
    binaries: [prepared.bytes],
    finish: (modules) => ({
      modules,
      bytes: bytes.length,
      features: usesWasi ? ['functions', 'wasi'] : ['functions'],
      abi,
      suspends,
      reuse: reuse && abi === 'reactor',
      minPages,
      maxPages,
      state,
      files,
    }),
  };
}

function refusalOf(name: string, cause: unknown): HairspringError {
  const message = cause instanceof Error ? cause.message : '';
  const reason = message.replace(/^WebAssembly\.(?:Module|compile)\(\): /, '').slice(0, 300);
  return new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: ${reason}`, { cause });
}
