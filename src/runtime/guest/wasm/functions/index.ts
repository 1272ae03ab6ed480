/** WebAssembly modules as message handlers. */
import { createCommand, ExitCode, type Wasi } from './command.ts';
import { Instances, type InstancesOptions, MemoryExceeded } from './instances.ts';
import { createReactor } from './reactor.ts';
import { readGlobals } from './snapshot.ts';
import type { ComponentSpec, MessageHandler, ModuleSpec } from './types.ts';

export type { Slot } from './instances.ts';
export type { LinearMemory } from './linear-memory.ts';
export type { GlobalValue } from './snapshot.ts';
export type { ComponentSpec, GuestMessage, InstanceState, MessageHandler } from './types.ts';

/** What the feature `components` is given, so that errors are told apart by their classes. */
export interface Common {
  readonly Instances: new <Host, Live>(options: InstancesOptions<Host, Live>) => Instances<Host, Live>;
  readonly readGlobals: typeof readGlobals;
  readonly ExitCode: new (message: string) => ExitCode;
}

interface Components {
  createHandler(modules: readonly WebAssemblyModule[], spec: ComponentSpec, common: Common): MessageHandler;
}

/** @param modules one, or those of a component */
function createHandler(
  modules: readonly WebAssemblyModule[],
  spec: ModuleSpec | ComponentSpec,
): MessageHandler {
  if (spec.abi === 'component') {
    const components = runtime.use('components').internals as Components;
    return components.createHandler(modules, spec, { Instances, readGlobals, ExitCode });
  }
  const module = modules[0] as WebAssemblyModule;
  const useWasi = (): Wasi => runtime.use('wasi').internals as Wasi;
  if (spec.abi === 'command') return createCommand(module, spec, useWasi());
  const usesWasi = runtime.wasm.Module.imports(module).some(
    ({ module: from }) => from === 'wasi_snapshot_preview1',
  );
  return createReactor({ module, spec, wasi: usesWasi ? useWasi() : undefined });
}

/** The code under which an error that a module caused is reported. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof ExitCode) return 'HS_FUNCTION_EXIT';
  if (error instanceof MemoryExceeded) return 'HS_FUNCTION_MEMORY';
  return undefined;
}

export const internals: { readonly createHandler: typeof createHandler; readonly codeOf: typeof codeOf } = {
  createHandler,
  codeOf,
};
