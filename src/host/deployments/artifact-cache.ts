import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { getArtifact } from '../../control/index.ts';
import type { ArtifactRef } from '../../core/index.ts';
import { decodeArtifact } from '../bundle/index.ts';

/** The node's copies of artifacts, one file by digest, where cells read them. */
export class ArtifactCache {
  readonly #dir: string;
  readonly #nc: NatsConnection;

  constructor(dir: string, nc: NatsConnection) {
    this.#dir = dir;
    this.#nc = nc;
  }

  #file(digest: string): string {
    return join(this.#dir, `${digest}.json`);
  }

  /**
   * Sees to it that the artifact is on this node; a fetched one is checked against hash and schema.
   * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT
   */
  async ensure(digest: string): Promise<ArtifactRef> {
    const present = statSync(this.#file(digest), { throwIfNoEntry: false });
    if (present !== undefined) return { digest, bytes: present.size };
    const bytes = await getArtifact(this.#nc, digest);
    decodeArtifact(bytes);
    this.store(digest, bytes);
    return { digest, bytes: bytes.length };
  }

  /** By rename, so that a cell never sees half a file. */
  store(digest: string, bytes: Uint8Array): void {
    const file = this.#file(digest);
    const draft = `${file}.${process.pid}.tmp`;
    writeFileSync(draft, bytes, { mode: 0o600 });
    renameSync(draft, file);
  }

  forget(digest: string): void {
    rmSync(this.#file(digest), { force: true });
  }
}
