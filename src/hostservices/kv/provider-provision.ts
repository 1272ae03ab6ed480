import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { millis, type NatsConnection, nanos } from '@nats-io/transport-node';
import { formatDuration, HairspringError, type KvBinding, type KvBucketOptions } from '../../core/index.ts';
import { KV_LIMITS } from './limits.ts';
import { API_CODES, isApiError, toKvError } from './provider-errors.ts';
import { checkTtlVersion } from './provider-ttl.ts';

/** How long the marker of a value that has expired stays, so that watches hear of it. */
const MARKER_MS = 300_000;
/** The same where the server lets no value live for less than its marker (https://github.com/nats-io/nats-server/pull/6818). */
const MARKER_WITH_HISTORY_MS = KV_LIMITS.minTtlMs;

/**
 * Sees to it that the bucket is there: created where missing, unless the binding says `existing: true`. What the binding
 * declares of it must be so: it is not changed, because others may rely on how it is.
 * @throws HS_KV_BUCKET_MISSING, HS_KV_BUCKET_DIFFERS, HS_KV_BUCKET_FULL, HS_KV_UNSUPPORTED, HS_KV_UNAVAILABLE
 */
export async function provisionKvBucket(
  nc: NatsConnection,
  label: string,
  binding: KvBinding,
): Promise<void> {
  const { bucket, existing, options = {} } = binding;
  const action = `prepare bucket "${bucket}" of binding ${label}`;
  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    let found = await findBucket(manager, bucket);
    if (found === undefined && existing) {
      throw new HairspringError(
        'HS_KV_BUCKET_MISSING',
        `Cannot bind ${label}: bucket "${bucket}" does not exist and the binding says existing: true`,
      );
    }
    if (found === undefined) {
      if (options.perKeyTtl === true) checkTtlVersion(nc, action);
      found = await createBucket(manager, bucket, options);
    }
    checkOptions(label, bucket, options, found);
  } catch (error) {
    throw toKvError(error, action, bucket);
  }
}

async function findBucket(manager: JetStreamManager, bucket: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(`KV_${bucket}`)).config;
  } catch (error) {
    if (isApiError(error, API_CODES.streamNotFound)) return undefined;
    throw error;
  }
}

async function createBucket(
  manager: JetStreamManager,
  bucket: string,
  options: KvBucketOptions,
): Promise<StreamConfig> {
  const { history = 1, ttlMs, maxBytes = -1, maxValueBytes = -1, replicas = 1, perKeyTtl = false } = options;
  const markerMs = history === 1 ? MARKER_MS : MARKER_WITH_HISTORY_MS;
  try {
    const { config } = await manager.streams.add({
      name: `KV_${bucket}`,
      subjects: [`$KV.${bucket}.>`],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      storage: options.storage === 'memory' ? StorageType.Memory : StorageType.File,
      max_msgs_per_subject: history,
      max_bytes: maxBytes,
      max_msg_size: maxValueBytes,
      num_replicas: replicas,
      allow_rollup_hdrs: true,
      allow_direct: true,
      ...(ttlMs === undefined ? {} : { max_age: nanos(ttlMs) }),
      ...(perKeyTtl ? { allow_msg_ttl: true, subject_delete_marker_ttl: nanos(markerMs) } : {}),
    });
    return config;
  } catch (error) {
    // Somebody else was faster.
    const found = isApiError(error, API_CODES.nameInUse) ? await findBucket(manager, bucket) : undefined;
    if (found !== undefined) return found;
    const full = toKvError(error, `make bucket "${bucket}"`, bucket);
    if (full.code !== 'HS_KV_BUCKET_FULL') throw error;
    // It is not the bucket that is full: there is none yet.
    throw new HairspringError(full.code, full.message, {
      hint: 'Free or add storage on the NATS server, or ask for less with maxBytes',
      cause: error,
    });
  }
}

/** @throws HS_KV_BUCKET_DIFFERS naming each setting that differs */
function checkOptions(label: string, bucket: string, options: KvBucketOptions, config: StreamConfig): void {
  const actual: Required<KvBucketOptions> = {
    history: config.max_msgs_per_subject,
    ttlMs: millis(config.max_age),
    maxBytes: config.max_bytes,
    maxValueBytes: config.max_msg_size,
    storage: config.storage,
    replicas: config.num_replicas,
    perKeyTtl: config.allow_msg_ttl === true,
  };
  const names = Object.keys(actual) as (keyof KvBucketOptions)[];
  const differences = names
    .filter((name) => options[name] !== undefined && options[name] !== actual[name])
    .map((name) => {
      const shown = name === 'ttlMs' ? 'ttl' : name;
      return `${shown} is ${describe(name, actual)} and the binding says ${describe(name, options)}`;
    });
  if (differences.length === 0) return;
  throw new HairspringError(
    'HS_KV_BUCKET_DIFFERS',
    `Cannot bind ${label}: bucket "${bucket}" exists, and its ${differences.join('; its ')}`,
  );
}

function describe(name: keyof KvBucketOptions, options: KvBucketOptions): string {
  const value = options[name];
  const isBounded = typeof value !== 'number' || value > 0;
  if (!isBounded) return 'unlimited';
  if (name === 'ttlMs' && typeof value === 'number') return formatDuration(value);
  if ((name === 'maxBytes' || name === 'maxValueBytes') && typeof value === 'number') return `${value}B`;
  return String(value);
}
