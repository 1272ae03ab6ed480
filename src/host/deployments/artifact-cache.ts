import { createHash } from 'node:crypto';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { getArtifact } from '../../control/index.ts';
import {
  type Artifact,
  type ArtifactRef,
  type CodeCacheRecord,
  encodeCodeCache,
  HairspringError,
} from '../../core/index.ts';
import { decodeArtifact, digestOf } from '../bundle/index.ts';
import type { ArtifactPlace } from './artifact-sweeper.ts';

const FILE = /^([0-9a-f]{64})\.json$/;
/** What is written, before it has its name. */
const DRAFT = /^[0-9a-f]{64}\.(?:json|cache)\.\d+\.tmp$/;

/** The node's copies of artifacts, one file by digest, where cells read them. */
export class ArtifactCache implements ArtifactPlace {
  readonly #dir: string;
  readonly #nc: NatsConnection;

  constructor(dir: string, nc: NatsConnection) {
    this.#dir = dir;
    this.#nc = nc;
  }

  #file(digest: string): string {
    return join(this.#dir, `${digest}.json`);
  }

  #codeCacheFile(digest: string): string {
    return join(this.#dir, `${digest}.cache`);
  }

  /**
   * Sees to it that the artifact is on this node, whole; a fetched one is checked against hash and schema.
   * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT
   */
  async ensure(digest: string): Promise<ArtifactRef> {
    return { digest, bytes: (await this.bytesOf(digest)).length };
  }

  /** The same with its bytes. Whoever asks for it wants it to stay. @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT */
  async bytesOf(digest: string): Promise<Uint8Array> {
    const present = this.#read(digest);
    if (present !== undefined) {
      this.#touch(digest);
      return present;
    }
    const bytes = await getArtifact(this.#nc, digest);
    this.take(digest, bytes);
    return bytes;
  }

  #touch(digest: string): void {
    const now = new Date();
    utimesSync(this.#file(digest), now, now);
  }

  /** Stores what somebody else has made. @throws HS_ARTIFACT_CORRUPT */
  take(digest: string, bytes: Uint8Array): void {
    decodeArtifact(bytes);
    this.store(digest, bytes);
  }

  /** Undefined also when the file is not what was stored: then it is fetched again. */
  #read(digest: string): Uint8Array | undefined {
    try {
      const bytes = readFileSync(this.#file(digest));
      return digestOf(bytes) === digest ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  /** Of an artifact that is here. Its bytes have the type at their beginning (bundle/artifact.ts). */
  typeOf(digest: string): Artifact['type'] {
    const head = Buffer.alloc(64);
    const file = openSync(this.#file(digest), 'r');
    try {
      readSync(file, head);
    } finally {
      closeSync(file);
    }
    return head.includes('"type":"wasm"') ? 'wasm' : 'javascript';
  }

  store(digest: string, bytes: Uint8Array): void {
    write(this.#file(digest), bytes);
  }

  /** Keeps V8's code cache of an artifact beside it, for the cells that wake it. */
  storeCodeCache(digest: string, codeCache: CodeCacheRecord): void {
    write(this.#codeCacheFile(digest), encodeCodeCache(codeCache, digest, sha256));
  }

  /** Removes what a node that died was writing: the folder has one node at a time. */
  removeDrafts(): void {
    for (const file of readdirSync(this.#dir))
      if (DRAFT.test(file)) rmSync(join(this.#dir, file), { force: true });
  }

  digests(): readonly string[] {
    return readdirSync(this.#dir).flatMap((file) => FILE.exec(file)?.[1] ?? []);
  }

  revisionOf(digest: string): number | undefined {
    return statSync(this.#file(digest), { throwIfNoEntry: false })?.mtimeMs;
  }

  remove(digest: string, revision: number): void {
    if (this.revisionOf(digest) !== revision) return;
    rmSync(this.#file(digest), { force: true });
    rmSync(this.#codeCacheFile(digest), { force: true });
  }
}

/** By rename, so that a cell never sees half a file. */
function write(file: string, bytes: Uint8Array): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, bytes, { mode: 0o600 });
    renameSync(draft, file);
  } catch (cause) {
    // What is left of it would be in the way of whoever makes room.
    rmSync(draft, { force: true });
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new HairspringError('HS_DATA_DIR', `Cannot keep an artifact in the node's data folder: ${code}`, {
      cause,
    });
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
