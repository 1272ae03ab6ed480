import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { HairspringError, type KvBinding } from '../../core/index.ts';
import { toKvError } from './provider-errors.ts';

/**
 * Sees to it that the bucket is there: created with one value of history where missing, unless the
 * binding says `existing: true`.
 * @throws HS_KV_BUCKET_MISSING, HS_KV_UNAVAILABLE
 */
export async function provisionKvBucket(
  nc: NatsConnection,
  label: string,
  binding: KvBinding,
): Promise<void> {
  const { bucket, existing } = binding;
  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const streams = await manager.streams.names(`$KV.${bucket}.>`).next();
    if (streams.includes(`KV_${bucket}`)) return;
    if (existing) {
      throw new HairspringError(
        'HS_KV_BUCKET_MISSING',
        `Cannot bind ${label}: bucket "${bucket}" does not exist and the binding says existing: true`,
      );
    }
    await new Kvm(nc).create(bucket, { history: 1, allow_direct: true });
  } catch (error) {
    throw toKvError(error, `prepare bucket "${bucket}"`, bucket);
  }
}
