/** WebAssembly modules as message handlers. */
import { createCommand, ExitCode, type Wasi } from './command.ts';
import { MemoryExceeded } from './instances.ts';
import { createReactor } from './reactor.ts';
import type { MessageHandler, ModuleSpec } from './types.ts';

function createHandler(module: WebAssemblyModule, spec: ModuleSpec): MessageHandler {
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
