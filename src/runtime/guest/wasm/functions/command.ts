/** A WASI command as a handler: `argv = [function, subject]`, the payload on stdin, stdout is the reply. */
import type { ProcessOptions, WasiImports } from '../wasi/index.ts';
import { Memories } from './memories.ts';
import type { MessageHandler, ModuleSpec } from './types.ts';

interface WasiProcess {
  readonly memory: { attach(memory: WebAssemblyMemory | undefined): void };
  endLine(): void;
  output(): Uint8Array;
}

/** The `internals` of the feature `wasi`. */
export interface Wasi {
  createImports(options: {
    readonly current: () => WasiProcess;
    readonly sleep: ((ms: number) => Promise<void>) | undefined;
  }): WasiImports;
  readonly WasiProcess: new (options: ProcessOptions) => WasiProcess;
  readonly Exit: new (code: number) => { readonly code: number };
  toCString(text: string): Uint8Array;
}

/** Thrown when a command ends with another code than 0; becomes HS_FUNCTION_EXIT. */
export class ExitCode extends Error {}

/** Share of the memory that files may take. */
const FS_SHARE = 1 / 4;

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => resolve(), ms));
}

export function createCommand(module: WebAssemblyModule, spec: ModuleSpec, wasi: Wasi): MessageHandler {
  const { wasm } = runtime;
  const env = Object.entries(spec.environment).map(([name, value]) => wasi.toCString(`${name}=${value}`));
  const fixedArgs = spec.args?.map(wasi.toCString);
  const nameArg = wasi.toCString(spec.name);
  const files = spec.files === undefined ? undefined : decodeAll(spec.files);
  const memories = new Memories(spec);
  const maxFsBytes = spec.memoryBytes * FS_SHARE;
  const onErrorLine = (line: string): void => runtime.pushLog('info', line);

  function createProcess(subject: string, stdin: Uint8Array): WasiProcess {
    const args = fixedArgs ?? [nameArg, wasi.toCString(subject)];
    return new wasi.WasiProcess({ args, env, stdin, maxFsBytes, bundle: files, onErrorLine });
  }

  function instantiate(
    process: WasiProcess,
    memory: WebAssemblyMemory,
    imports: WasiImports,
  ): WebAssemblyInstance['exports'] {
    process.memory.attach(memory);
    return new wasm.Instance(module, { wasi_snapshot_preview1: imports, hairspring: { memory } }).exports;
  }

  function finish(process: WasiProcess, error: unknown): Uint8Array {
    process.endLine();
    if (error === undefined) return process.output();
    if (!(error instanceof wasi.Exit)) throw error;
    if (error.code !== 0) throw new ExitCode(`it ended with exit code ${error.code}`);
    return process.output();
  }

  if (!spec.suspends) {
    // It runs from start to end at once, so one set of imports serves all.
    let current: WasiProcess | undefined;
    const imports = wasi.createImports({ current: () => current as WasiProcess, sleep: undefined });
    return ({ subject, data }) => {
      const process = createProcess(subject, data);
      const memory = memories.acquire();
      current = process;
      let thrown: unknown;
      try {
        (instantiate(process, memory, imports)._start as () => void)();
      } catch (error) {
        thrown = error;
      }
      memories.release(memory);
      return finish(process, thrown);
    };
  }
  return async ({ subject, data }, _env, context) => {
    const process = createProcess(subject, data);
    const imports = { ...wasi.createImports({ current: () => process, sleep: resume }) };
    imports.poll_oneoff = new wasm.Suspending(imports.poll_oneoff as (...args: never[]) => unknown);
    const memory = memories.acquire();
    memories.forgetAtEnd(memory, context);
    let thrown: unknown;
    try {
      await wasm.promising(instantiate(process, memory, imports)._start)();
    } catch (error) {
      thrown = error;
    }
    memories.release(memory);
    return finish(process, thrown);
  };

  async function resume(ms: number): Promise<void> {
    await sleep(ms);
    memories.check();
  }
}

function decodeAll(files: Readonly<Record<string, string>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Uint8Array.fromBase64(text)]));
}
