import { createHash, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Artifact, type ArtifactRef, HairspringError } from '../core/index.ts';
import { parseInPieces } from './parse-in-pieces.ts';

/** To read, hash and parse a larger one at a stretch would hold the cell's thread for more than a millisecond or two. */
const LARGE_BYTES = 256 * 1024;

/** File of an artifact below the artifact folder. */
export function artifactFile(dir: string, digest: string): string {
  return join(dir, `${digest}.json`);
}

/** Whether an artifact is to be read by {@link ArtifactReader.readBeside}. */
export function isLarge({ bytes }: ArtifactRef): boolean {
  return bytes > LARGE_BYTES;
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
      throw missing(name, cause);
    }
    if (createHash('sha256').update(bytes).digest('hex') !== digest) throw altered(name);
    // The hash is of bytes that the host checked against the artifact's schema.
    return JSON.parse(bytes.toString('utf8')) as Artifact;
  }

  /** As {@link read}, beside the thread or in small pieces. Rejects with HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT. */
  async readBeside(name: string, { digest }: ArtifactRef): Promise<Artifact> {
    const bytes = await readFile(artifactFile(this.#dir, digest)).catch((cause: unknown) => {
      throw missing(name, cause);
    });
    const found = await webcrypto.subtle.digest('SHA-256', bytes);
    if (new Uint8Array(found).toHex() !== digest) throw altered(name);
    return (await parseInPieces(bytes)) as Artifact;
  }
}

function missing(name: string, cause: unknown): HairspringError {
  const message = `Cannot load ${name}: its artifact is not on this node`;
  return new HairspringError('HS_ARTIFACT_MISSING', message, { cause });
}

function altered(name: string): HairspringError {
  return new HairspringError('HS_ARTIFACT_CORRUPT', `Cannot load ${name}: its artifact was altered on disk`);
}
