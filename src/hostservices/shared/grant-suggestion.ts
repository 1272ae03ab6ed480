import type { CallUse } from '../../core/index.ts';

/** A call that a grant has to cover. */
export type GrantUse = Pick<CallUse, 'op' | 'name' | 'outcome'>;

export interface SuggestOptions {
  /** More names than this that differ in their last part alone become one pattern; undefined: none do. */
  readonly generalize: number | undefined;
}

/** The smallest grant that covers what was called. */
export interface GrantSuggestion<Kind> {
  readonly binding: Kind;
  /** What a person should know of it, each in a few words. */
  readonly notes: readonly string[];
}

/** The names, with those that differ only in what stands after the last `separator` as one pattern where they are more than `limit`. */
export function generalizeLast(
  names: readonly string[],
  separator: '.' | '/',
  limit: number | undefined,
): readonly string[] {
  if (limit === undefined) return names;
  const groups = Map.groupBy(names, (name) => name.slice(0, name.lastIndexOf(separator) + 1));
  return [...groups].flatMap(([stem, members]) =>
    stem !== '' && members.length > limit ? [`${stem}*`] : members,
  );
}

/** Each value once, in the order of text. */
export function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}

/** `refused so far: publish a, publish b`, as far as it can be read at a glance. */
export function refusedNote(refused: readonly string[]): readonly string[] {
  const shown = distinct(refused);
  if (shown.length === 0) return [];
  const more = shown.length > 5 ? ` and ${shown.length - 5} more` : '';
  return [`refused so far: ${shown.slice(0, 5).join(', ')}${more}`];
}
