import { type KvBinding, subjectCovers } from '../../core/index.ts';
import type { GrantDetail } from '../shared/grant-change.ts';

/** How a KV grant differs from the one that it replaces. Who creates the bucket is not a part of the grant. */
export function compareKvGrants(before: KvBinding, after: KvBinding): readonly GrantDetail[] {
  const details: GrantDetail[] = [];
  if (before.bucket !== after.bucket)
    details.push({ text: `bucket ${after.bucket} (was ${before.bucket})`, wider: true });
  if (before.access !== after.access) {
    const wider = before.access !== 'read-write';
    details.push({ text: `access ${after.access} (was ${before.access})`, wider });
  }
  if (before.keys !== after.keys) {
    const wider = !subjectCovers(before.keys, after.keys);
    details.push({ text: `keys ${after.keys} (was ${before.keys})`, wider });
  }
  return details;
}
