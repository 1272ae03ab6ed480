import { HairspringError } from '../../core/index.ts';
import { KV_LIMITS } from './limits.ts';

/** Checks of what a function gives beside keys; `undefined` is for what it did not give. */

/** @throws HS_KV_REVISION_CONFLICT for 0, which no entry has, and HS_HOST_CALL_INVALID */
export function toRevision(label: string, op: string, revision: unknown): number {
  if (revision === 0) {
    throw new HairspringError(
      'HS_KV_REVISION_CONFLICT',
      `Cannot ${op} in ${label}: no entry has revision 0; use create for a key that is not there`,
    );
  }
  if (typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0) return revision;
  throw new HairspringError(
    'HS_HOST_CALL_INVALID',
    `Cannot ${op} in ${label}: the revision is not a whole number above 0`,
  );
}

/** A revision that comes as null was no number, and must not count as none. */
export function toOptionalRevision(label: string, op: string, revision: unknown): number | undefined {
  return revision === undefined ? undefined : toRevision(label, op, revision);
}

/** @throws HS_HOST_CALL_INVALID */
export function toTtl(label: string, op: string, ttlMs: unknown): number | undefined {
  const { minTtlMs, maxTtlMs } = KV_LIMITS;
  if (ttlMs === undefined) return undefined;
  if (typeof ttlMs === 'number' && ttlMs >= minTtlMs && ttlMs <= maxTtlMs) return ttlMs;
  throw new HairspringError(
    'HS_HOST_CALL_INVALID',
    `Cannot ${op} in ${label}: ttlMs is not a number from ${minTtlMs} to ${maxTtlMs}`,
  );
}

/** What a watch begins with: the last value of each key, all that the bucket has of them, or nothing. */
const WATCH_BEGINNINGS = { '': 'last', history: 'all', updates: 'new' } as const;

/** @throws HS_HOST_CALL_INVALID */
export function toWatchBeginning(label: string, include: unknown): 'last' | 'all' | 'new' {
  if (include === '' || include === 'history' || include === 'updates') return WATCH_BEGINNINGS[include];
  throw new HairspringError(
    'HS_HOST_CALL_INVALID',
    `Cannot watch in ${label}: include is neither "history" nor "updates"`,
  );
}
