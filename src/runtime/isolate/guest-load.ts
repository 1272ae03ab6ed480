import { formatBytes, HairspringError } from '../../core/index.ts';
import type { CodeCache } from './code-cache.ts';
import type { SharedScript } from './shared-script.ts';

/** Longest text taken from what the guest threw; it may throw megabytes, and replies and logs carry it. */
export const MAX_ERROR_CHARS = 2_048;

/** How long the top level of a module may run. */
export const LOAD_LIMIT_MS = 250;
/** Nothing of the host's crosses but copies. */
export const COPIED = { arguments: { copy: true } } as const;

export interface LoadSpec {
  readonly name: string;
  readonly namespace: string;
  readonly triggers: readonly {
    readonly captures: readonly { readonly index: number; readonly name: string; readonly rest: boolean }[];
  }[];
  readonly environment: Readonly<Record<string, string>>;
  /** Service name by label. */
  readonly bindings: Readonly<Record<string, string>>;
  /** After so long within a batch the guest gives the rest back. */
  readonly budgetMs: number;
  /** What makes the ids of invocations differ from those in other cells. @default "" */
  readonly idPrefix?: string;
}

/** A script without more ado. */
export function scriptOf(text: string, filename: string, cache?: CodeCache): GuestCode {
  return { kind: 'script', text, filename, cache };
}

/** What is loaded as the function. */
export type GuestCode = ScriptCode | ModuleCode;

export interface ScriptCode {
  readonly kind: 'script';
  readonly text: string;
  readonly filename: string;
  /** V8's cache of it; without one, or with one of another V8, the text is compiled anew. */
  readonly cache: CodeCache | undefined;
}

export interface ModuleCode {
  readonly kind: 'module';
  /** One, or those of a component. */
  readonly modules: readonly WebAssembly.Module[];
  /** What of the guest's runtime runs it. */
  readonly features: SharedScript;
  /** How that runs it (guest/wasm/functions/types.ts). */
  readonly run: object;
}

export function loadTooLong(name: string): HairspringError {
  return new HairspringError(
    'HS_FUNCTION_LOAD',
    `Cannot load ${name}: its top level ran longer than ${LOAD_LIMIT_MS} ms`,
  );
}

export function loadTooLarge(name: string, memoryBytes: number, cause: unknown): HairspringError {
  const message = `Cannot load ${name}: it passed limits.memory of ${formatBytes(memoryBytes)}`;
  return new HairspringError('HS_FUNCTION_MEMORY', message, { cause });
}

export function loadFailed(name: string, cause: unknown): HairspringError {
  return new HairspringError('HS_FUNCTION_LOAD', `Cannot load ${name}: ${describe(cause)}`, { cause });
}

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
  return text.slice(0, MAX_ERROR_CHARS);
}
