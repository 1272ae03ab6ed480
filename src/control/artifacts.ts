/** Artifacts in JetStream's object store, named by what is in them. */
import { createHash } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type ObjectInfo, type ObjectStore, Objm, StorageType } from '@nats-io/obj';
import { formatBytes, HairspringError, HOST_LIMITS } from '../core/index.ts';
import { isJetStreamCode, natsFailure } from './nats-failure.ts';

export const ARTIFACT_BUCKET = 'hairspring-artifacts';

const BUCKET_NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** JetStream's codes for "stream not found" and "wrong last sequence". */
const STREAM_NOT_FOUND = 10059;
const WRONG_LAST_SEQUENCE = 10071;

/** Object name of the artifact with `digest` (lower-case hex SHA-256). */
export function artifactName(digest: string): string {
  return `sha256-${digest}`;
}

/** Lower-case hex SHA-256. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Stores an artifact unless it is there already; makes the bucket on first use.
 * @throws HS_ARTIFACT_TOO_LARGE, HS_ARTIFACT_CORRUPT when `bytes` do not have `digest`, HS_NATS_…
 */
export async function putArtifact(nc: NatsConnection, digest: string, bytes: Uint8Array): Promise<void> {
  const action = `Cannot store artifact ${digest}`;
  const name = artifactName(digest);
  checkSize(bytes.byteLength, action);
  if (digestOf(bytes) !== digest) {
    throw new HairspringError('HS_ARTIFACT_CORRUPT', `${action}: the bytes have another hash`);
  }
  try {
    const store = await new Objm(jetstream(nc)).create(ARTIFACT_BUCKET, {
      storage: StorageType.File,
      description: 'Bundled functions of Hairspring, by SHA-256',
    });
    const before = await store.info(name);
    if (before !== null && !before.deleted && before.digest === natsDigest(digest)) return;
    await store.putBlob({ name }, bytes, { previousRevision: before?.revision ?? 0 });
  } catch (error) {
    // Somebody stored the same artifact at the same time; the client has purged our chunks.
    if (isJetStreamCode(error, WRONG_LAST_SEQUENCE)) return;
    throw natsFailure(error, action);
  }
}

/**
 * Fetches an artifact and checks its hash.
 * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_ARTIFACT_TOO_LARGE, HS_NATS_…
 */
export async function getArtifact(nc: NatsConnection, digest: string): Promise<Uint8Array> {
  const bytes = await getObject(nc, ARTIFACT_BUCKET, artifactName(digest));
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

/** Deletes an artifact; one that is not there is left at that. */
export async function deleteArtifact(nc: NatsConnection, digest: string): Promise<void> {
  try {
    const store = await openStore(nc, ARTIFACT_BUCKET);
    const name = artifactName(digest);
    if ((await store.info(name)) === null) return;
    await store.delete(name);
    // The store keeps a marker of what was deleted; nothing of an artifact is to stay.
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const encoded = toUrlSafe(Buffer.from(name, 'utf8').toString('base64'));
    await manager.streams.purge(`OBJ_${ARTIFACT_BUCKET}`, { filter: `$O.${ARTIFACT_BUCKET}.M.${encoded}` });
  } catch (error) {
    if (!isJetStreamCode(error, STREAM_NOT_FOUND)) {
      throw natsFailure(error, `Cannot delete artifact ${digest}`);
    }
  }
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

/** The object store's spelling of Base64: URL-safe, with padding. */
function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
