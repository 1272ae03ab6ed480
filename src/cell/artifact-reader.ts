import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Artifact, type ArtifactRef, HairspringError } from '../core/index.ts';

/** File of an artifact below the artifact folder. */
export function artifactFile(dir: string, digest: string): string {
  return join(dir, `${digest}.json`);
}

/** Reads artifacts from the folder that the host fills, and believes none whose hash is another. */
export class ArtifactReader {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT */
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
}
