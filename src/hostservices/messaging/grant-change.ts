import { type MessagingBinding, subjectCovers } from '../../core/index.ts';
import { comparePatterns, type GrantDetail } from '../shared/grant-change.ts';

/** How a messaging grant differs from the one that it replaces. */
export function compareMessagingGrants(
  before: MessagingBinding,
  after: MessagingBinding,
): readonly GrantDetail[] {
  const sameName = (one: string, other: string): boolean => one === other;
  return [
    ...comparePatterns('publish', before.publish, after.publish, subjectCovers),
    ...comparePatterns('request', before.request, after.request, subjectCovers),
    ...comparePatterns('call', before.call, after.call, sameName),
  ];
}
