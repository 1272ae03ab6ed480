/** A module with our reactor ABI as a handler. */
import { createAbi } from './abi.ts';
import { ExitCode } from './exit-code.ts';
import type { Slot, Wait } from './instances.ts';
import type { LinearMemory } from './linear-memory.ts';
import { createModuleInstances, type ModuleHost, type ModuleInstance } from './module-instances.ts';
import { suspending } from './suspending.ts';
import { trapError } from './trap.ts';
import { Turn } from './turn.ts';
import type { MessageHandler, ModuleSpec } from './types.ts';
import { createWasiImports, toEnviron, toLog, WASI_MODULE, type Wasi, type WasiProcess } from './wasi.ts';

/** Name of the import module: the version is part of it. */
const ABI = 'hairspring_v1';

interface ReactorHost extends ModuleHost {
  readonly turn: Turn;
  /** Of a module that imports WASI, as long as an instance lives. */
  process: WasiProcess | undefined;
}

type ReactorSlot = Slot<ReactorHost, ModuleInstance>;

interface ReactorOptions {
  readonly module: WebAssemblyModule;
  readonly spec: ModuleSpec;
  /** Undefined when the module imports nothing of it. */
  readonly wasi: Wasi | undefined;
}

export function createReactor({ module, spec, wasi }: ReactorOptions): MessageHandler {
  const instances = createModuleInstances<ReactorHost>({
    module,
    spec,
    entry: 'hairspring_message',
    initializer: '_initialize',
    createHost,
    clearHost(host) {
      end(host);
      host.process = undefined;
    },
  });

  function createHost(memory: LinearMemory, wait: Wait): ReactorHost {
    const turn = new Turn();
    const { environment } = spec;
    const abi = createAbi({ memory, turn, environment, wait });
    if (spec.suspends) abi.call = suspending(abi.call);
    const imports: Record<string, Record<string, unknown>> = { [ABI]: abi };
    const host: ReactorHost = { turn, process: undefined, imports };
    if (wasi !== undefined)
      imports[WASI_MODULE] = createWasiImports(wasi, spec, processOf(wasi, memory, host), wait);
    return host;
  }

  /** Gives the process of its instance, which is made when it first asks for anything. */
  function processOf(wasi: Wasi, { memory }: LinearMemory, host: ReactorHost): () => WasiProcess {
    const options = {
      memory: new wasi.ModuleMemory(memory),
      args: () => [wasi.toCString(spec.name)],
      env: toEnviron(wasi, spec.environment),
      stdin: undefined,
      stdout: undefined,
      maxFsBytes: 0,
      bundle: undefined,
      onLine: toLog,
      trapError,
    };
    return () => {
      host.process ??= new wasi.WasiProcess(options);
      return host.process;
    };
  }

  /** Nothing of a message is left to the next one, nor half a line of the log. */
  function end({ turn, process }: ReactorHost): void {
    turn.end();
    process?.endLines();
  }

  function finish(slot: ReactorSlot, code: unknown): unknown {
    const reply = slot.host.turn.reply(spec.suspends);
    if (spec.reuse) {
      end(slot.host);
      instances.keep(slot);
    } else instances.release(slot);
    if (code !== 0) throw new ExitCode(`its handler returned ${String(code)}`);
    return reply;
  }

  /** What trapped or exited is in no state to go on. */
  function drop(slot: ReactorSlot, error: unknown): never {
    const exitCode = slot.host.process?.exitCode;
    instances.discard(slot);
    if (exitCode === undefined) throw error;
    throw new ExitCode(`it ended with exit code ${exitCode} before it had answered`);
  }

  return (message, _env, context) => {
    const slot = instances.take();
    let code: unknown;
    try {
      const { run } = instances.ready(slot);
      slot.host.turn.begin(message, context);
      code = run();
    } catch (error) {
      drop(slot, error);
    }
    if (!spec.suspends) return finish(slot, code);
    return (code as Promise<unknown>).then(
      (value) => finish(slot, value),
      (error: unknown) => drop(slot, error),
    );
  };
}
