/**
 * Who brings an artifact, or finds it, gives it another revision; who removes it does so at the revision that nobody
 * has wanted for long. So neither undoes what the other has just done.
 */
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { NODE_BUCKETS } from '../core/index.ts';
import { isJetStreamCode, natsFailure, STREAM_NOT_FOUND } from './nats-failure.ts';

const STREAM = `OBJ_${NODE_BUCKETS.artifacts}`;
const META_PREFIX = `$O.${NODE_BUCKETS.artifacts}.M.`;
const NAME = /^sha256-([0-9a-f]{64})$/;
const CHUNKS_ID = /^[A-Za-z0-9]{1,64}$/;

/** Object name of the artifact with `digest` (lower-case hex SHA-256). */
export function artifactName(digest: string): string {
  return `sha256-${digest}`;
}

/** The object store's spelling of Base64: URL-safe, with padding. */
export function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** Where the object store has what it knows of an artifact. */
function metaSubject(digest: string): string {
  return META_PREFIX + toUrlSafe(Buffer.from(artifactName(digest), 'utf8').toString('base64'));
}

interface Meta {
  /** Sequence of its message. */
  readonly revision: number;
  readonly data: Uint8Array;
}

async function readMeta(manager: JetStreamManager, digest: string): Promise<Meta | undefined> {
  try {
    const message = await manager.streams.getMessage(STREAM, { last_by_subj: metaSubject(digest) });
    return message === null ? undefined : { revision: message.seq, data: message.data };
  } catch (error) {
    if (isJetStreamCode(error, STREAM_NOT_FOUND)) return undefined;
    throw error;
  }
}

/**
 * Gives an artifact that is there another revision.
 * @throws JetStream's "wrong last sequence" when it is not there at `revision`
 */
export async function renewArtifact(nc: NatsConnection, digest: string, revision: number): Promise<void> {
  const meta = await readMeta(await jetstreamManager(nc, { checkAPI: false }), digest);
  const rollup = headers();
  rollup.set('Nats-Rollup', 'sub');
  await jetstream(nc, { checkAPI: false }).publish(metaSubject(digest), meta?.data ?? '', {
    headers: rollup,
    // Also where it has gone meanwhile: then there is nothing at that revision.
    expect: { lastSubjectSequence: revision },
  });
}

/** @returns undefined when the artifact is not there */
export async function artifactRevision(nc: NatsConnection, digest: string): Promise<number | undefined> {
  try {
    return (await readMeta(await jetstreamManager(nc, { checkAPI: false }), digest))?.revision;
  } catch (error) {
    throw natsFailure(error, `Cannot look for artifact ${digest}`);
  }
}

/** Digests of all artifacts that are there. Leaves no consumer behind, and needs no permission for one. */
export async function listArtifacts(nc: NatsConnection): Promise<readonly string[]> {
  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const { state } = await manager.streams.info(STREAM, { subjects_filter: `${META_PREFIX}>` });
    return Object.keys(state.subjects ?? {}).flatMap((subject) => {
      const name = Buffer.from(subject.slice(META_PREFIX.length), 'base64url').toString('utf8');
      return NAME.exec(name)?.[1] ?? [];
    });
  } catch (error) {
    if (isJetStreamCode(error, STREAM_NOT_FOUND)) return [];
    throw natsFailure(error, 'Cannot list the artifacts');
  }
}

/** Removes an artifact that still has `revision`, and nothing of one that somebody has brought or found since. */
export async function removeArtifact(nc: NatsConnection, digest: string, revision: number): Promise<void> {
  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const meta = await readMeta(manager, digest);
    if (meta?.revision !== revision) return;
    // Up to this revision: of a newer one nothing is purged, and of this one no marker stays.
    const filter = metaSubject(digest);
    const { purged } = await manager.streams.purge(STREAM, { filter, seq: revision + 1 });
    const chunks = chunksId(meta.data);
    if (purged === 0 || chunks === undefined) return;
    await manager.streams.purge(STREAM, { filter: `$O.${NODE_BUCKETS.artifacts}.C.${chunks}` });
  } catch (error) {
    throw natsFailure(error, `Cannot remove artifact ${digest}`);
  }
}

/** Under which id the object's bytes are; whoever owns the bucket may have written what they like. */
function chunksId(meta: Uint8Array): string | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(meta));
    if (typeof parsed !== 'object' || parsed === null || !('nuid' in parsed)) return undefined;
    return typeof parsed.nuid === 'string' && CHUNKS_ID.test(parsed.nuid) ? parsed.nuid : undefined;
  } catch {
    return undefined;
  }
}
