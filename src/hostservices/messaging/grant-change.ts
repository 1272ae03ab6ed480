import { type MessagingBinding, subjectCovers } from '../../core/index.ts';
import { comparePatterns, type GrantDetail } from '../shared/grant-change.ts';

/** How a messaging grant differs from the one that it replaces. */
export function compareMessagingGrants(
  before: MessagingBinding,
  after: MessagingBinding,
): readonly GrantDetail[] {
  return (['publish', 'request'] as const).flatMap((op) =>
    comparePatterns(op, before[op], after[op], subjectCovers),
  );
}
