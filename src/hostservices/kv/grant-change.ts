import { type KvBinding, subjectCovers } from '../../core/index.ts';
import { compareAccess, type GrantDetail } from '../shared/grant-change.ts';

/** How a KV grant differs from the one that it replaces. Who creates the bucket is not a part of the grant. */
export function compareKvGrants(before: KvBinding, after: KvBinding): readonly GrantDetail[] {
  const details = [...compareAccess(before, after)];
  if (before.keys !== after.keys) {
    const wider = !subjectCovers(before.keys, after.keys);
    details.push({ text: `keys ${after.keys} (was ${before.keys})`, wider });
  }
  return details;
}
