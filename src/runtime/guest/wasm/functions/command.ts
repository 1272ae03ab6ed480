/** A WASI command as a handler: `argv = [function, subject]`, the payload on stdin, stdout is the reply. */
import type { ModuleMemory, ProcessOptions, WasiImports } from '../wasi/index.ts';
import type { Slot, Wait } from './instances.ts';
import type { LinearMemory } from './linear-memory.ts';
import { createModuleInstances, type ModuleHost, type ModuleInstance } from './module-instances.ts';
import { Output } from './output.ts';
import { trapError } from './trap.ts';
import type { GuestMessage, MessageHandler, ModuleSpec } from './types.ts';

export interface WasiProcess {
  readonly exitCode: number | undefined;
  endLines(): void;
}

/** The `internals` of the feature `wasi`. */
export interface Wasi {
  createImports(options: {
    readonly current: () => WasiProcess;
    readonly sleep: ((ms: number) => Promise<void>) | undefined;
  }): WasiImports;
  readonly ModuleMemory: new (memory: WebAssemblyMemory) => ModuleMemory;
  readonly WasiProcess: new (options: ProcessOptions) => WasiProcess;
  toCString(text: string): Uint8Array;
}

/** Thrown when a module ends with a code that is no answer; becomes HS_FUNCTION_EXIT. */
export class ExitCode extends Error {}

/** Share of the memory that files may take. */
const FS_SHARE = 1 / 4;
/** Bytes that a command may write to standard output. */
const MAX_STDOUT_BYTES = 16 * 1024 ** 2;

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => resolve(), ms));
}

export function toLog(line: string): void {
  runtime.pushLog('info', line);
}

/** What an instance works on. */
interface CommandHost extends ModuleHost {
  readonly memory: ModuleMemory;
  readonly stdout: Output;
  /** Of the message that it works on. */
  process: WasiProcess | undefined;
}

export function createCommand(module: WebAssemblyModule, spec: ModuleSpec, wasi: Wasi): MessageHandler {
  const env = Object.entries(spec.environment).map(([name, value]) => wasi.toCString(`${name}=${value}`));
  const fixedArgs = spec.args?.map(wasi.toCString);
  const nameArg = wasi.toCString(spec.name);
  const bundle = spec.files === undefined ? undefined : decodeAll(spec.files);
  const maxFsBytes = spec.memoryBytes * FS_SHARE;
  const instances = createModuleInstances<CommandHost>({
    module,
    spec,
    entry: '_start',
    createHost,
    clearHost,
  });

  /** Before anything of the module runs, its start function too. */
  function begin(host: CommandHost, message: GuestMessage): void {
    const { memory, stdout } = host;
    stdout.clear();
    host.process = new wasi.WasiProcess({
      memory,
      args: () => fixedArgs ?? [nameArg, wasi.toCString(message.subject)],
      env,
      stdin: message,
      stdout,
      maxFsBytes,
      bundle,
      onLine: toLog,
      trapError,
    });
  }

  function createHost(linear: LinearMemory, wait: Wait): CommandHost {
    const current = (): WasiProcess => {
      if (host.process === undefined) throw new Error('It called the host while it had no message');
      return host.process;
    };
    const imports: Record<string, unknown> = {
      ...wasi.createImports({ current, sleep: spec.suspends ? (ms) => wait(() => sleep(ms)) : undefined }),
    };
    if (spec.suspends)
      imports.poll_oneoff = new runtime.wasm.Suspending(imports.poll_oneoff as (...args: never[]) => unknown);
    const host: CommandHost = {
      memory: new wasi.ModuleMemory(linear.memory),
      stdout: new Output(MAX_STDOUT_BYTES),
      process: undefined,
      imports: { wasi_snapshot_preview1: imports },
    };
    return host;
  }

  function clearHost(host: CommandHost): void {
    host.process?.endLines();
    host.process = undefined;
  }

  /** @param error what the command ended with, when it did not return */
  function end(slot: Slot<CommandHost, ModuleInstance>, error: unknown): void {
    const exitCode = slot.host.process?.exitCode;
    instances.discard(slot);
    if (exitCode === undefined) throw error;
    if (exitCode !== 0) throw new ExitCode(`it ended with exit code ${exitCode}`);
  }

  if (!spec.suspends) {
    return (message) => {
      const slot = instances.take();
      const { host } = slot;
      try {
        begin(host, message);
        instances.ready(slot).run();
      } catch (error) {
        end(slot, error);
        return host.stdout.view();
      }
      instances.release(slot);
      // It is sent before another message is taken.
      return host.stdout.view();
    };
  }
  return async (message) => {
    const slot = instances.take();
    const { host } = slot;
    let failure: { readonly error: unknown } | undefined;
    try {
      begin(host, message);
      await instances.ready(slot).run();
    } catch (error) {
      failure = { error };
    }
    const output = host.stdout.copy();
    if (failure === undefined) instances.release(slot);
    else end(slot, failure.error);
    return output;
  };
}

function decodeAll(files: Readonly<Record<string, string>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Uint8Array.fromBase64(text)]));
}
