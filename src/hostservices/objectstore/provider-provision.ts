import { JetStreamApiError, type JetStreamManager, jetstream, type StreamConfig } from '@nats-io/jetstream';
import { Objm, StorageType } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { HairspringError, type ObjectStoreBinding } from '../../core/index.ts';
import { chunkBytesWithin } from './limits.ts';
import { isFull, isMissingBucket, toObjectError } from './provider-errors.ts';

/** JetStream: a stream of that name has been made with other options meanwhile. */
const NAME_IN_USE = 10058;

/**
 * Sees to it that the bucket is there and can be used: created as the binding says where missing, unless that says
 * `existing: true`. One that is there is left as it is.
 * @throws HS_OBJECT_BUCKET_MISSING, HS_OBJECT_BUCKET_UNUSABLE, HS_OBJECT_BUCKET_FULL, HS_OBJECT_UNAVAILABLE
 */
export async function provisionObjectStore(
  nc: NatsConnection,
  label: string,
  binding: ObjectStoreBinding,
): Promise<void> {
  const { bucket, existing } = binding;
  try {
    const js = jetstream(nc, { checkAPI: false });
    const manager = await js.jetstreamManager(false);
    let config = await configOf(manager, bucket);
    if (config === undefined && existing) {
      throw new HairspringError(
        'HS_OBJECT_BUCKET_MISSING',
        `Cannot bind ${label}: object store "${bucket}" does not exist and the binding says existing: true`,
      );
    }
    if (config === undefined) {
      await create(new Objm(js), binding);
      config = await configOf(manager, bucket);
    }
    const chunkBytes = chunkBytesWithin(nc.info?.max_payload);
    const fault = config === undefined ? 'it is gone again' : faultOf(binding, config, chunkBytes);
    if (fault !== undefined)
      throw new HairspringError(
        'HS_OBJECT_BUCKET_UNUSABLE',
        `Cannot bind ${label}: object store "${bucket}" ${fault}`,
      );
  } catch (error) {
    throw toObjectError(error, `prepare object store "${bucket}"`, bucket);
  }
}

async function configOf(manager: JetStreamManager, bucket: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(`OBJ_${bucket}`)).config;
  } catch (error) {
    if (isMissingBucket(error)) return undefined;
    throw error;
  }
}

async function create(objm: Objm, { bucket, create: options }: ObjectStoreBinding): Promise<void> {
  try {
    await objm.create(bucket, {
      ...(options.description === undefined ? {} : { description: options.description }),
      ...(options.maxBytes === undefined ? {} : { max_bytes: options.maxBytes }),
      ...(options.ttlMs === undefined ? {} : { ttl: options.ttlMs * 1_000_000 }),
      storage: options.storage === 'memory' ? StorageType.Memory : StorageType.File,
      replicas: options.replicas,
    });
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === NAME_IN_USE) return;
    if (!isFull(error)) throw error;
    // It is not the bucket that is full: there is none yet.
    throw new HairspringError(
      'HS_OBJECT_BUCKET_FULL',
      `Cannot make object store "${bucket}": JetStream has no room for it (${error.message})`,
      { hint: 'Free or add storage on the NATS server, or ask for less with maxBytes', cause: error },
    );
  }
}

function faultOf(
  { bucket, access }: ObjectStoreBinding,
  { allow_direct, allow_rollup_hdrs, subjects, max_msg_size }: StreamConfig,
  chunkBytes: number,
): string | undefined {
  if (!['C', 'M'].every((kind) => subjects?.includes(`$O.${bucket}.${kind}.>`)))
    return 'is a stream that holds no objects of its own';
  if (allow_direct !== true)
    return `does not allow direct gets (nats stream edit OBJ_${bucket} --allow-direct)`;
  if (!allow_rollup_hdrs)
    return 'does not allow what is said of an object to be replaced (allow_rollup_hdrs)';
  if (access !== 'read' && max_msg_size > 0 && max_msg_size < chunkBytes)
    return `takes messages of at most ${max_msg_size} bytes (max_msg_size), and a chunk has ${chunkBytes} (nats stream edit OBJ_${bucket} --max-msg-size=-1)`;
  return undefined;
}
