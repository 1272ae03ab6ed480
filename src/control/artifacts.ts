/** Artifacts in JetStream's object store, named by what is in them. */
import { createHash } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type ObjectInfo, type ObjectStore, Objm, StorageType } from '@nats-io/obj';
import { formatBytes, HairspringError, HOST_LIMITS, NODE_BUCKETS } from '../core/index.ts';
import { artifactName, renewArtifact, toUrlSafe } from './artifact-revisions.ts';
import { isConflict, isJetStreamCode, natsFailure, STREAM_NOT_FOUND } from './nats-failure.ts';

const BUCKET_NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Each time somebody else was faster, with the same artifact. */
const PUT_TRIES = 10;

/** Lower-case hex SHA-256. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Brings an artifact, and makes the bucket on first use. One that is there already gets another revision, so that who
 * means to remove it hears that it is wanted again.
 * @throws HS_ARTIFACT_TOO_LARGE, HS_ARTIFACT_CORRUPT when `bytes` do not have `digest`, HS_NATS_…
 */
export async function putArtifact(nc: NatsConnection, digest: string, bytes: Uint8Array): Promise<void> {
  const action = `Cannot store artifact ${digest}`;
  checkSize(bytes.byteLength, action);
  if (digestOf(bytes) !== digest) {
    throw new HairspringError('HS_ARTIFACT_CORRUPT', `${action}: the bytes have another hash`);
  }
  try {
    const store = await new Objm(jetstream(nc)).create(NODE_BUCKETS.artifacts, {
      storage: StorageType.File,
      description: 'Bundled functions of Hairspring, by SHA-256',
    });
    await bring(nc, store, digest, bytes);
  } catch (error) {
    throw natsFailure(error, action);
  }
}

/** Whoever does the same or removes it at the same time makes it look again. */
async function bring(
  nc: NatsConnection,
  store: ObjectStore,
  digest: string,
  bytes: Uint8Array,
): Promise<void> {
  const name = artifactName(digest);
  let firstSeen: number | undefined;
  for (let triesLeft = PUT_TRIES; ; triesLeft -= 1) {
    const before = await store.info(name);
    const revision = before?.revision ?? 0;
    const isThere = before !== null && !before.deleted && before.digest === natsDigest(digest);
    firstSeen ??= revision;
    // Somebody else has brought it since.
    if (isThere && revision > firstSeen) return;
    try {
      if (isThere) await renewArtifact(nc, digest, revision);
      else await store.putBlob({ name }, bytes, { previousRevision: revision });
      return;
    } catch (error) {
      // What the client has put of ours it has purged by now.
      if (triesLeft === 0 || !isConflict(error)) throw error;
    }
  }
}

/**
 * Fetches an artifact and checks its hash.
 * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_ARTIFACT_TOO_LARGE, HS_NATS_…
 */
export async function getArtifact(nc: NatsConnection, digest: string): Promise<Uint8Array> {
  const bytes = await getObject(nc, NODE_BUCKETS.artifacts, artifactName(digest));
  if (digestOf(bytes) === digest) return bytes;
  throw new HairspringError(
    'HS_ARTIFACT_CORRUPT',
    `Cannot use artifact ${digest}: its content has another hash`,
  );
}

/**
 * Fetches an object of any bucket (Nex's `nats://BUCKET/NAME` uris) and checks it against the hash in
 * its metadata. Links are refused: following one would read with the node's rights.
 * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_ARTIFACT_TOO_LARGE, HS_NATS_…
 */
export async function getObject(nc: NatsConnection, bucket: string, name: string): Promise<Uint8Array> {
  const action = `Cannot get object "${name}" of bucket "${bucket}"`;
  if (!BUCKET_NAME.test(bucket) || name === '') {
    throw new HairspringError('HS_ARTIFACT_MISSING', `${action}: that is not a possible name`);
  }
  const info = await objectInfo(nc, bucket, name, action);
  if (info.options?.link !== undefined && info.options.link !== null) {
    throw new HairspringError('HS_ARTIFACT_MISSING', `${action}: it is a link`, {
      hint: 'Name the object that the link points to',
    });
  }
  checkSize(info.size, action);
  const bytes = await readChunks(nc, bucket, info, action);
  if (info.digest !== natsDigest(digestOf(bytes))) {
    throw new HairspringError(
      'HS_ARTIFACT_CORRUPT',
      `${action}: its content has another hash than its metadata`,
    );
  }
  return bytes;
}

function openStore(nc: NatsConnection, bucket: string): Promise<ObjectStore> {
  return new Objm(jetstream(nc, { checkAPI: false })).open(bucket, false);
}

async function objectInfo(
  nc: NatsConnection,
  bucket: string,
  name: string,
  action: string,
): Promise<ObjectInfo> {
  let info: ObjectInfo | null;
  try {
    info = await (await openStore(nc, bucket)).info(name);
  } catch (error) {
    if (!isJetStreamCode(error, STREAM_NOT_FOUND)) throw natsFailure(error, action);
    throw new HairspringError('HS_ARTIFACT_MISSING', `${action}: there is no such bucket`, { cause: error });
  }
  if (info === null || info.deleted) {
    throw new HairspringError('HS_ARTIFACT_MISSING', `${action}: there is no such object`);
  }
  return info;
}

/**
 * Reads chunk by chunk by subject. `ObjectStore.get` would do it with a consumer, which stays on the
 * server for minutes after each call.
 */
async function readChunks(
  nc: NatsConnection,
  bucket: string,
  info: ObjectInfo,
  action: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(info.size);
  let filled = 0;
  let seq = 1;
  try {
    const jsm = await jetstreamManager(nc, { checkAPI: false });
    for (let chunk = 0; chunk < info.chunks && filled < info.size; chunk += 1) {
      const query = { seq, next_by_subj: `$O.${bucket}.C.${info.nuid}` };
      const message = await jsm.streams.getMessage(`OBJ_${bucket}`, query);
      if (message === null || filled + message.data.byteLength > bytes.byteLength) break;
      bytes.set(message.data, filled);
      filled += message.data.byteLength;
      seq = message.seq + 1;
    }
  } catch (error) {
    throw natsFailure(error, action);
  }
  if (filled !== bytes.byteLength) {
    throw new HairspringError(
      'HS_ARTIFACT_CORRUPT',
      `${action}: ${filled} of its ${bytes.byteLength} bytes are there`,
    );
  }
  return bytes;
}

function checkSize(bytes: number, action: string): void {
  if (bytes <= HOST_LIMITS.artifactBytes) return;
  throw new HairspringError(
    'HS_ARTIFACT_TOO_LARGE',
    `${action}: ${bytes} bytes exceeds the artifact limit of ${formatBytes(HOST_LIMITS.artifactBytes)}`,
  );
}

/** The object store's way of writing a hash. */
function natsDigest(digest: string): string {
  return `SHA-256=${toUrlSafe(Buffer.from(digest, 'hex').toString('base64'))}`;
}
