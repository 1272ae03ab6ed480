import type { ObjectStoreBinding } from '../../core/index.ts';
import { compareAccess, type GrantDetail } from '../shared/grant-change.ts';

/** How an object-store grant differs from the one that it replaces. Who creates the bucket is not a part of the grant. */
export function compareObjectStoreGrants(
  before: ObjectStoreBinding,
  after: ObjectStoreBinding,
): readonly GrantDetail[] {
  return compareAccess(before, after);
}
