import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ArtifactRef,
  type FunctionSpec,
  HairspringError,
  type JavaScriptArtifact,
} from '../core/index.ts';

/** Code kept in memory, so that an evicted function that comes back need not be read again. */
const MAX_CACHED_CHARS = 8 * 1024 ** 2;

/** File of an artifact below the artifact folder. */
export function artifactFile(dir: string, digest: string): string {
  return join(dir, `${digest}.json`);
}

/** Reads artifacts from the folder that the host fills, and believes none whose hash is another. */
export class ArtifactReader {
  readonly #dir: string;
  readonly #code = new Map<string, string>();
  #chars = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT */
  readonly code = (spec: FunctionSpec): string => {
    const { digest } = spec.artifact;
    const cached = this.#code.get(digest);
    if (cached !== undefined) {
      this.#code.delete(digest);
      this.#code.set(digest, cached);
      return cached;
    }
    const { code } = this.read(spec.name, spec.artifact);
    this.#keep(digest, code);
    return code;
  };

  read(name: string, { digest }: ArtifactRef): JavaScriptArtifact {
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
    return JSON.parse(bytes.toString('utf8')) as JavaScriptArtifact;
  }

  #keep(digest: string, code: string): void {
    this.#code.set(digest, code);
    this.#chars += code.length;
    for (const [oldest, text] of this.#code) {
      if (this.#chars <= MAX_CACHED_CHARS || oldest === digest) break;
      this.#code.delete(oldest);
      this.#chars -= text.length;
    }
  }
}
