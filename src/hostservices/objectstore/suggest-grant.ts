import type { ObjectStoreBinding } from '../../core/index.ts';
import { type GrantSuggestion, type GrantUse, refusedNote } from '../shared/grant-suggestion.ts';
import { isObjectOperation, OBJECT_OPERATIONS } from './grant.ts';

/** The smallest object-store grant: a bucket is granted as a whole, so only the access can be less. */
export function suggestObjectStoreGrant(
  binding: ObjectStoreBinding,
  uses: readonly GrantUse[],
): GrantSuggestion<ObjectStoreBinding> {
  const needed = uses.flatMap((use) => {
    const access = isObjectOperation(use.op) ? OBJECT_OPERATIONS[use.op] : 'none';
    return access === 'none' ? [] : [{ ...use, access }];
  });
  if (needed.length === 0) return { binding, notes: [] };
  const reads = needed.some(({ access }) => access === 'read');
  const writes = needed.some(({ access }) => access === 'write');
  const access = reads && writes ? 'read-write' : reads ? 'read' : 'write';
  const refused = needed.filter(({ outcome }) => outcome === 'denied');
  return {
    binding: { ...binding, access },
    notes: refusedNote(refused.map(({ op, name }) => `${op} ${name}`.trim())),
  };
}
