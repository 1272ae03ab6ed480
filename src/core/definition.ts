import type { FunctionLimits } from './limits.ts';
import type { Binding, FunctionType, Trigger } from './manifest.ts';

/** Names an artifact by what is in it. */
export interface ArtifactRef {
  /** Lower-case hex SHA-256 of the artifact's bytes. */
  readonly digest: string;
  readonly bytes: number;
}

/** The artifact of a JavaScript function: one classic script that leaves its exports in `__hairspring_module`. */
export interface JavaScriptArtifact {
  readonly format: 1;
  readonly type: 'javascript';
  readonly code: string;
  /** Source map (JSON text) of `code`; empty when there is none. */
  readonly map: string;
}

/** The artifact of a WebAssembly function: its module and how to run it. */
export interface WasmArtifact {
  readonly format: 1;
  readonly type: 'wasm';
  /** The core module, Base64. */
  readonly module: string;
  /** Base64 content by path, read-only, for the file system of a command; undefined: it has none. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Whether a reactor's instance serves one message after the other. */
  readonly reuse: boolean;
}

export type Artifact = JavaScriptArtifact | WasmArtifact;

/** Global in which a bundled script leaves its exports. */
export const MODULE_GLOBAL = '__hairspring_module';

/** A deployed function: all that a node needs to serve it. Stored in KV under `<namespace>.<name>`. */
export interface FunctionDefinition {
  readonly format: 1;
  /** Workload id, a NUID; stays the same over redeploys. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: FunctionType;
  /** First 12 hex digits of the hash over artifact and configuration. */
  readonly version: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly artifact: ArtifactRef;
  readonly triggers: readonly Trigger[];
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: FunctionLimits;
  /** RFC 3339. */
  readonly deployedAt: string;
  /** The deploy request's `run_request`, kept for Nex's CLONE. */
  readonly runRequest: string;
}

/** What a cell needs of a definition. */
export interface FunctionSpec {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: FunctionType;
  readonly version: string;
  readonly artifact: ArtifactRef;
  readonly triggers: readonly Trigger[];
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: FunctionLimits;
}

/** Names of the secrets that a function is bound to, each once. */
export function secretsOf({ bindings }: Pick<FunctionSpec, 'bindings'>): readonly string[] {
  const names = Object.values(bindings).flatMap((binding) =>
    binding.service === 'secret' ? [binding.secret] : [],
  );
  return [...new Set(names)];
}

export function toSpec(definition: FunctionDefinition): FunctionSpec {
  const { id, namespace, name, type, version, artifact, triggers, bindings, environment, limits } =
    definition;
  return { id, namespace, name, type, version, artifact, triggers, bindings, environment, limits };
}
