/** The feature `wasi`, as core modules use it. */
import type { ModuleMemory, ProcessOptions, WasiImports } from '../wasi/index.ts';
import type { Wait } from './instances.ts';
import { suspending } from './suspending.ts';
import type { ModuleSpec } from './types.ts';

/** Name of the import module of WASI preview 1. */
export const WASI_MODULE = 'wasi_snapshot_preview1';

export interface WasiProcess {
  readonly exitCode: number | undefined;
  endLines(): void;
}

/** The `internals` of the feature. */
export interface Wasi {
  createImports(options: {
    readonly current: () => WasiProcess;
    readonly sleep: ((ms: number) => Promise<void>) | undefined;
  }): WasiImports;
  readonly ModuleMemory: new (memory: WebAssemblyMemory) => ModuleMemory;
  readonly WasiProcess: new (options: ProcessOptions) => WasiProcess;
  toCString(text: string): Uint8Array;
}

export function useWasi(): Wasi {
  return runtime.use('wasi').internals as Wasi;
}

/** The variables of `environment` as C has them. */
export function toEnviron(wasi: Wasi, environment: ModuleSpec['environment']): readonly Uint8Array[] {
  return Object.entries(environment).map(([name, value]) => wasi.toCString(`${name}=${value}`));
}

/** @param current the process whose module calls */
export function createWasiImports(
  wasi: Wasi,
  { suspends }: ModuleSpec,
  current: () => WasiProcess,
  wait: Wait,
): Record<string, unknown> {
  const imports: Record<string, unknown> = {
    ...wasi.createImports({ current, sleep: suspends ? (ms) => wait(() => sleep(ms)) : undefined }),
  };
  if (suspends) imports.poll_oneoff = suspending(imports.poll_oneoff);
  return imports;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => resolve(), ms));
}

/** A line that a module has written. */
export function toLog(line: string): void {
  runtime.pushLog('info', line);
}
