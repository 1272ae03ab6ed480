/** The instances of one core module. */
import { Instances, type Slot, type Wait } from './instances.ts';
import type { LinearMemory } from './linear-memory.ts';
import { type GlobalValue, readGlobals } from './snapshot.ts';
import type { ModuleSpec } from './types.ts';

type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The host's side of an instance. */
export interface ModuleHost {
  readonly imports: Imports;
}

export interface ModuleInstance {
  readonly run: () => unknown;
}

export interface ModuleOptions<Host extends ModuleHost> {
  readonly module: WebAssemblyModule;
  readonly spec: ModuleSpec;
  /** Name of the export that takes a message. */
  readonly entry: string;
  /** Name of the export that is called before the first message. */
  readonly initializer?: string;
  readonly createHost: (memory: LinearMemory, wait: Wait) => Host;
  readonly clearHost?: (host: Host) => void;
}

/** Name of the import module that a prepared module has its memory from (../../../wasm/import-memory.ts). */
const MEMORY_IMPORT = 'hairspring';

export function createModuleInstances<Host extends ModuleHost>(
  options: ModuleOptions<Host>,
): Instances<Host, ModuleInstance> {
  const { module, spec, entry, initializer = '', createHost, clearHost } = options;
  const { state, reuse, suspends } = spec;
  let isPutBack: boolean | undefined;

  function readState(
    exports: WebAssemblyInstance['exports'],
    imports: Imports,
  ): readonly GlobalValue[] | undefined {
    if (state === undefined || reuse) return undefined;
    isPutBack ??= !state.starts || !startAsksHost(module, spec, imports);
    return isPutBack ? readGlobals(exports, state) : undefined;
  }

  return new Instances<Host, ModuleInstance>({
    memories: [spec],
    memoryBytes: spec.memoryBytes,
    suspends,
    data: [state?.data],
    createHost: ([memory], wait) => createHost(memory as LinearMemory, wait),
    instantiate({ host, memories }: Slot<Host, ModuleInstance>) {
      const imports = { ...host.imports, [MEMORY_IMPORT]: { memory: memories[0]?.memory } };
      const { exports } = new runtime.wasm.Instance(module, imports);
      const run = suspends ? runtime.wasm.promising(exports[entry]) : (exports[entry] as () => unknown);
      const initialize = exports[initializer] as (() => void) | undefined;
      return { live: { run }, initialize, globals: readState(exports, imports) };
    },
    ...(clearHost === undefined ? {} : { clearHost }),
  });
}

/** Whether a start function asks the host for anything, so that it may do another thing each time. */
function startAsksHost(
  module: WebAssemblyModule,
  { minPages, maxPages }: ModuleSpec,
  imports: Imports,
): boolean {
  let asked = false;
  // Thrown alone it would not tell: the module may catch it.
  const refuse = (): never => {
    asked = true;
    throw new Error('asked');
  };
  const deaf: Record<string, Readonly<Record<string, unknown>>> = Object.create(null);
  for (const [from, items] of Object.entries(imports))
    deaf[from] = Object.fromEntries(Object.keys(items).map((name) => [name, refuse]));
  const memory = new runtime.wasm.Memory({ initial: minPages, maximum: maxPages });
  try {
    new runtime.wasm.Instance(module, { ...deaf, [MEMORY_IMPORT]: { memory } });
  } catch {
    return true;
  }
  return asked;
}
