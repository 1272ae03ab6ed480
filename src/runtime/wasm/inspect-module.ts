import { formatBytes, HairspringError } from '../../core/index.ts';
import { MAX_TABLE_ELEMENTS } from './bound-tables.ts';
import { PAGE_BYTES } from './import-memory.ts';
import { formatOf, type ModuleOutline, readOutline } from './module-outline.ts';

/** The calling convention of a module. */
export type WasmAbi = 'command' | 'reactor';

export interface InspectedModule {
  readonly abi: WasmAbi;
  /** Whether it imports a call that may wait. */
  readonly suspends: boolean;
  readonly outline: ModuleOutline;
}

/** Import modules of each ABI; the version of ours is part of its name. */
export const WASI_MODULE = 'wasi_snapshot_preview1';
export const REACTOR_MODULE = 'hairspring_v1';
export const REACTOR_EXPORT = 'hairspring_message';

/** Functions of {@link REACTOR_MODULE}; guest/wasm/functions/reactor.ts provides them. */
export const REACTOR_IMPORTS: readonly string[] = [
  'subject_read',
  'data_read',
  'param_read',
  'header_read',
  'env_read',
  'deadline_ms',
  'reply_write',
  'reply_header',
  'log',
  'call',
  'result_value',
  'result_data',
];

const MAX_FUNCTIONS = 100_000;

/**
 * Finds out how a module is to be run, and says in plain words why it cannot be.
 * @param name the function's, for messages
 * @throws HS_WASM_INVALID, HS_FUNCTION_MEMORY
 */
export function inspectModule(name: string, bytes: Uint8Array, memoryBytes: number): InspectedModule {
  const refuse = (detail: string, hint: string): never => {
    throw new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: ${detail}`, { hint });
  };
  if (formatOf(bytes) !== 'module')
    return refuse('it is not a WebAssembly module', 'Name a .wasm file that a compiler made');
  let outline: ModuleOutline;
  try {
    outline = readOutline(bytes);
  } catch (error) {
    const detail = HairspringError.is(error) ? error.message : 'it cannot be read';
    return refuse(`it is a damaged module: ${detail}`, 'Build it anew');
  }
  const abi =
    abiOf(outline) ??
    refuse(
      `it exports neither _start nor ${REACTOR_EXPORT}`,
      'Build a WASI command (with a main function), or export the handler of the reactor ABI (docs/wasm.md)',
    );
  checkImports(outline, abi, refuse);
  checkSizes(name, outline, memoryBytes, refuse);
  const suspends = outline.imports.some(
    ({ module, name: call }) =>
      (module === WASI_MODULE && call === 'poll_oneoff') || (module === REACTOR_MODULE && call === 'call'),
  );
  return { abi, suspends, outline };
}

type Refuse = (detail: string, hint: string) => never;

function abiOf({ exports }: ModuleOutline): WasmAbi | undefined {
  if (exports.get(REACTOR_EXPORT) === 'function') return 'reactor';
  return exports.get('_start') === 'function' ? 'command' : undefined;
}

function checkImports({ imports }: ModuleOutline, abi: WasmAbi, refuse: Refuse): void {
  for (const { module, name, kind } of imports) {
    const shown = `${JSON.stringify(module.slice(0, 80))}.${JSON.stringify(name.slice(0, 80))}`;
    if (kind !== 'function')
      refuse(`it imports the ${kind} ${shown}`, 'Let the module define and export its own memory and tables');
    if (module === WASI_MODULE) {
      if (!WASI_CALLS.has(name))
        refuse(`it imports ${shown}, which WASI preview 1 does not have`, 'Build it for wasm32-wasip1');
    } else if (abi === 'reactor' && module === REACTOR_MODULE) {
      if (!REACTOR_IMPORTS.includes(name))
        refuse(
          `it imports ${shown}, which this version of the ABI does not have`,
          'docs/wasm.md lists the imports',
        );
    } else {
      const known = abi === 'reactor' ? `${WASI_MODULE} and ${REACTOR_MODULE}` : WASI_MODULE;
      refuse(`it imports ${shown}, which nobody provides`, `A ${abi} may import from ${known}`);
    }
  }
}

function checkSizes(
  name: string,
  { memories, tables, exports, functions }: ModuleOutline,
  memoryBytes: number,
  refuse: Refuse,
): void {
  if (exports.get('memory') !== 'memory')
    refuse('it exports no memory', 'Export its linear memory as "memory"');
  if (memories.length > 1) refuse('it has more than one memory', 'Build it with one linear memory');
  for (const { min, shared, is64 } of memories) {
    if (shared || is64) refuse('its memory is shared or 64-bit', 'Build it for wasm32 without threads');
    if (min * PAGE_BYTES > memoryBytes) {
      throw new HairspringError(
        'HS_FUNCTION_MEMORY',
        `Cannot load ${name}: its memory begins with ${formatBytes(min * PAGE_BYTES)}, and limits.memory is ${formatBytes(memoryBytes)}`,
      );
    }
  }
  const elements = tables.reduce((sum, { min }) => sum + min, 0);
  if (elements > MAX_TABLE_ELEMENTS)
    refuse(
      `its tables have ${elements} elements, and ${MAX_TABLE_ELEMENTS} is the limit`,
      'Build a smaller module',
    );
  if (functions > MAX_FUNCTIONS)
    refuse(`it has ${functions} functions, and ${MAX_FUNCTIONS} is the limit`, 'Build a smaller module');
}

/** https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#functions */
const WASI_CALLS: ReadonlySet<string> = new Set(
  `args_get args_sizes_get environ_get environ_sizes_get clock_res_get clock_time_get fd_advise fd_allocate
  fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get
  fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_get fd_prestat_dir_name fd_pwrite fd_read
  fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write path_create_directory path_filestat_get
  path_filestat_set_times path_link path_open path_readlink path_remove_directory path_rename path_symlink
  path_unlink_file poll_oneoff proc_exit proc_raise sched_yield random_get sock_accept sock_recv sock_send
  sock_shutdown`.split(/\s+/),
);
