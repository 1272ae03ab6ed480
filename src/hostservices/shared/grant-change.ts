/** One respect in which a binding differs from the one that it replaces. */
export interface GrantDetail {
  /** Such as `access write (was read)`. */
  readonly text: string;
  /** Whether it lets the function reach what it could not reach before. */
  readonly wider: boolean;
}

interface BucketGrant {
  readonly bucket: string;
  readonly access: 'read' | 'write' | 'read-write';
}

/** How bucket and access differ. */
export function compareAccess(before: BucketGrant, after: BucketGrant): readonly GrantDetail[] {
  const details: GrantDetail[] = [];
  if (before.bucket !== after.bucket)
    details.push({ text: `bucket ${after.bucket} (was ${before.bucket})`, wider: true });
  if (before.access !== after.access) {
    const wider = before.access !== 'read-write';
    details.push({ text: `access ${after.access} (was ${before.access})`, wider });
  }
  return details;
}

/**
 * How a list of patterns differs from the one that it replaces, by what they cover; nothing when both cover
 * the same. That several patterns together may cover another one is not seen: it counts as wider.
 */
export function comparePatterns(
  name: string,
  before: readonly string[],
  after: readonly string[],
  covers: (pattern: string, other: string) => boolean,
): readonly GrantDetail[] {
  const within = (these: readonly string[], those: readonly string[]): boolean =>
    these.every((one) => those.some((pattern) => pattern === one || covers(pattern, one)));
  const wider = !within(after, before);
  if (!wider && within(before, after)) return [];
  return [{ text: `${name} ${describeLists(before, after)}`, wider }];
}

function describeLists(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((one) => !before.includes(one));
  const removed = before.filter((one) => !after.includes(one));
  if (before.length === 0 || after.length === 0 || (added.length > 0 && removed.length > 0))
    return `${after.join(' ') || 'nothing'} (was ${before.join(' ') || 'nothing'})`;
  return added.length > 0 ? `also ${added.join(' ')}` : `without ${removed.join(' ')}`;
}
