import type { HttpBinding } from '../../core/index.ts';
import { comparePatterns, type GrantDetail } from '../shared/grant-change.ts';
import { coversPattern, parseUrlPattern } from './url-pattern.ts';

/** How an http grant differs from the one that it replaces. */
export function compareHttpGrants(before: HttpBinding, after: HttpBinding): readonly GrantDetail[] {
  const details = [...comparePatterns('URLs', before.urls, after.urls, covers)];
  const wasAll = before.methods.length === 0;
  const isAll = after.methods.length === 0;
  const more = isAll ? !wasAll : !wasAll && after.methods.some((method) => !before.methods.includes(method));
  const fewer = wasAll ? !isAll : !isAll && before.methods.some((method) => !after.methods.includes(method));
  if (more || fewer)
    details.push({ text: `methods ${nameMethods(after)} (was ${nameMethods(before)})`, wider: more });
  if (before.private !== after.private)
    details.push({
      text: after.private ? 'private addresses' : 'no private addresses',
      wider: after.private,
    });
  return details;
}

/** A pattern that cannot be parsed covers nothing, and nothing covers it. */
function covers(pattern: string, other: string): boolean {
  const parsed = parseUrlPattern(pattern);
  const parsedOther = parseUrlPattern(other);
  return typeof parsed !== 'string' && typeof parsedOther !== 'string' && coversPattern(parsed, parsedOther);
}

function nameMethods({ methods }: HttpBinding): string {
  return methods.join(' ') || 'all';
}
