import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Artifact, type ArtifactRef, type FunctionSpec, HairspringError } from '../core/index.ts';
import { compileModule, type FunctionCode } from '../runtime/index.ts';

/** Code kept in memory, so that an evicted function that comes back need not be read again. */
const MAX_CACHED_CHARS = 8 * 1024 ** 2;
/** What a compiled module counts for beside its bytes, in characters. */
const MODULE_OVERHEAD = 64 * 1024;

/** File of an artifact below the artifact folder. */
export function artifactFile(dir: string, digest: string): string {
  return join(dir, `${digest}.json`);
}

/** Reads artifacts from the folder that the host fills, and believes none whose hash is another. */
export class ArtifactReader {
  readonly #dir: string;
  readonly #code = new Map<string, { readonly code: FunctionCode; readonly chars: number }>();
  #chars = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_WASM_INVALID */
  readonly code = (spec: FunctionSpec): FunctionCode => {
    const { digest } = spec.artifact;
    // A module is compiled with its memory bounded.
    const key = `${digest} ${spec.limits.memoryBytes}`;
    const cached = this.#code.get(key);
    if (cached !== undefined) {
      this.#code.delete(key);
      this.#code.set(key, cached);
      return cached.code;
    }
    const artifact = this.read(spec.name, spec.artifact);
    const code = toCode(spec, artifact);
    const chars =
      artifact.type === 'javascript' ? artifact.code.length : artifact.module.length + MODULE_OVERHEAD;
    this.#keep(key, { code, chars });
    return code;
  };

  read(name: string, { digest }: ArtifactRef): Artifact {
    let bytes: Buffer;
    try {
      bytes = readFileSync(artifactFile(this.#dir, digest));
    } catch (cause) {
      throw new HairspringError(
        'HS_ARTIFACT_MISSING',
        `Cannot load ${name}: its artifact is not on this node`,
        { cause },
      );
    }
    if (createHash('sha256').update(bytes).digest('hex') !== digest) {
      throw new HairspringError(
        'HS_ARTIFACT_CORRUPT',
        `Cannot load ${name}: its artifact was altered on disk`,
      );
    }
    // The hash is of bytes that the host checked against the artifact's schema.
    return JSON.parse(bytes.toString('utf8')) as Artifact;
  }

  #keep(key: string, entry: { readonly code: FunctionCode; readonly chars: number }): void {
    this.#code.set(key, entry);
    this.#chars += entry.chars;
    for (const [oldest, { chars }] of this.#code) {
      if (this.#chars <= MAX_CACHED_CHARS || oldest === key) break;
      this.#code.delete(oldest);
      this.#chars -= chars;
    }
  }
}

function toCode({ name, limits }: FunctionSpec, artifact: Artifact): FunctionCode {
  if (artifact.type === 'javascript') return artifact.code;
  const { module, files, reuse } = artifact;
  const bytes = Buffer.from(module, 'base64');
  return compileModule({ name, bytes, memoryBytes: limits.memoryBytes, reuse, files });
}
