/** WASI preview 1 in memory: nothing of it reaches the host but clocks and random numbers. */
import { createImports, type WasiImports } from './imports.ts';
import { ModuleMemory } from './memory.ts';
import { type ProcessOptions, toCString, WasiProcess } from './process.ts';

export type { ModuleMemory, ProcessOptions, WasiImports };

export const internals: {
  readonly createImports: typeof createImports;
  readonly ModuleMemory: typeof ModuleMemory;
  readonly WasiProcess: typeof WasiProcess;
  readonly toCString: typeof toCString;
} = { createImports, ModuleMemory, WasiProcess, toCString };
