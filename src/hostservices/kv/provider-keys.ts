import { HairspringError, HOST_LIMITS, type HostCallResult, type KvBinding } from '../../core/index.ts';
import { KV_LIMITS } from './limits.ts';
import type { KvAccess } from './provider-access.ts';
import { isPut } from './provider-messages.ts';

/** Keys that come with one pull. */
const KEYS_AT_ONCE = 1_000;

/**
 * The keys that `filter` lets through and that begin with `prefix`, in order. All of them are looked through, those
 * that were deleted too, by an own ephemeral consumer, because the library's leaves one behind for five minutes.
 * @throws HS_HOST_CALL_LIMIT, HS_KV_UNAVAILABLE
 */
export function listKeys(
  access: KvAccess,
  { bucket }: KvBinding,
  prefix: string,
  filter: string,
): Promise<HostCallResult> {
  const offset = `$KV.${bucket}.`.length;
  const options = {
    stream: `KV_${bucket}`,
    filterSubject: `$KV.${bucket}.${filter}`,
    from: 'last',
    headersOnly: true,
  } as const;
  return access.read(options, async (reader) => {
    let left = reader.pending;
    if (left > KV_LIMITS.keysScanned) throw tooManyToScan(bucket, prefix, left);
    let room = 2 * left + KEYS_AT_ONCE;
    const found = new Set<string>();
    // What changes while it reads comes again, and what is removed does not come.
    while (left > 0) {
      const before = room;
      await reader.pull({ batch: KEYS_AT_ONCE }, (message, pending) => {
        room -= 1;
        left = pending;
        const key = message.subject.slice(offset);
        if (!key.startsWith(prefix)) return;
        if (isPut(message)) found.add(key);
        else found.delete(key);
      });
      if (found.size > HOST_LIMITS.kvKeys) throw tooManyFound(bucket, prefix);
      if (room === before) break;
      if (room < 0) throw tooFast(bucket);
    }
    return { value: [...found].sort() };
  });
}

function tooManyFound(bucket: string, prefix: string): HairspringError {
  return new HairspringError(
    'HS_HOST_CALL_LIMIT',
    `Cannot list keys "${prefix}…" of bucket "${bucket}": one call lists at most ${HOST_LIMITS.kvKeys}, and there are more; give a longer prefix`,
  );
}

function tooManyToScan(bucket: string, prefix: string, count: number): HairspringError {
  return new HairspringError(
    'HS_HOST_CALL_LIMIT',
    `Cannot list keys "${prefix}…" of bucket "${bucket}": one call looks through at most ${KV_LIMITS.keysScanned} keys, deleted ones included, and there are ${count}`,
    {
      hint: `Give a longer prefix with a dot in it, or remove what is left of deleted keys: nats kv compact ${bucket}`,
    },
  );
}

function tooFast(bucket: string): HairspringError {
  return new HairspringError(
    'HS_KV_UNAVAILABLE',
    `Cannot list keys in bucket "${bucket}": they change faster than they can be listed`,
  );
}
