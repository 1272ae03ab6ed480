/** A WASI command as a handler: `argv = [function, subject]`, the payload on stdin, stdout is the reply. */
import type { ModuleMemory } from '../wasi/index.ts';
import { ExitCode } from './exit-code.ts';
import type { Slot, Wait } from './instances.ts';
import type { LinearMemory } from './linear-memory.ts';
import { createModuleInstances, type ModuleHost, type ModuleInstance } from './module-instances.ts';
import { Output } from './output.ts';
import { trapError } from './trap.ts';
import type { GuestMessage, MessageHandler, ModuleSpec } from './types.ts';
import { createWasiImports, toEnviron, toLog, WASI_MODULE, type Wasi, type WasiProcess } from './wasi.ts';

/** Share of the memory that files may take. */
const FS_SHARE = 1 / 4;
/** Bytes that a command may write to standard output. */
const MAX_STDOUT_BYTES = 16 * 1024 ** 2;

/** What an instance works on. */
interface CommandHost extends ModuleHost {
  readonly memory: ModuleMemory;
  readonly stdout: Output;
  /** Of the message that it works on. */
  process: WasiProcess | undefined;
}

export function createCommand(module: WebAssemblyModule, spec: ModuleSpec, wasi: Wasi): MessageHandler {
  const env = toEnviron(wasi, spec.environment);
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
    const host: CommandHost = {
      memory: new wasi.ModuleMemory(linear.memory),
      stdout: new Output(MAX_STDOUT_BYTES),
      process: undefined,
      imports: { [WASI_MODULE]: createWasiImports(wasi, spec, current, wait) },
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
