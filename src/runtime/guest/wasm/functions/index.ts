/** WebAssembly modules as handlers. */
import { createCommand } from './command.ts';
import { ExitCode } from './exit-code.ts';
import { Instances, type InstancesOptions, MemoryExceeded } from './instances.ts';
import { createReactor } from './reactor.ts';
import { readGlobals } from './snapshot.ts';
import { trapError } from './trap.ts';
import type { ComponentSpec, Handlers, ModuleSpec } from './types.ts';
import { useWasi, WASI_MODULE } from './wasi.ts';

export type { Slot, Wait } from './instances.ts';
export type { LinearMemory } from './linear-memory.ts';
export type { GlobalValue } from './snapshot.ts';
export type { ComponentSpec, GuestContext, GuestMessage, Handlers, InstanceState } from './types.ts';

/** What the feature `components` is given, so that errors are told apart by their classes. */
export interface Common {
  readonly Instances: new <Host, Live>(options: InstancesOptions<Host, Live>) => Instances<Host, Live>;
  readonly readGlobals: typeof readGlobals;
  readonly ExitCode: new (message: string) => ExitCode;
  readonly trapError: typeof trapError;
}

interface Components {
  createHandlers(modules: readonly WebAssemblyModule[], spec: ComponentSpec, common: Common): Handlers;
}

/** @param modules one, or those of a component */
function createHandlers(modules: readonly WebAssemblyModule[], spec: ModuleSpec | ComponentSpec): Handlers {
  if (spec.abi === 'component') {
    const components = runtime.use('components').internals as Components;
    return components.createHandlers(modules, spec, { Instances, readGlobals, ExitCode, trapError });
  }
  const module = modules[0] as WebAssemblyModule;
  if (spec.abi === 'command') return { message: createCommand(module, spec, useWasi()) };
  const usesWasi = runtime.wasm.Module.imports(module).some(({ module: from }) => from === WASI_MODULE);
  return { message: createReactor({ module, spec, wasi: usesWasi ? useWasi() : undefined }) };
}

/** The code under which an error that a module caused is reported. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof ExitCode) return 'HS_FUNCTION_EXIT';
  if (error instanceof MemoryExceeded) return 'HS_FUNCTION_MEMORY';
  return undefined;
}

export const internals: { readonly createHandlers: typeof createHandlers; readonly codeOf: typeof codeOf } = {
  createHandlers,
  codeOf,
};
