import { z } from 'zod';
import { nearest } from './nearest.ts';

/**
 * A schema for a map whose kind is told by which key it has: `subject: …`, `kv: …`. Says so when the map
 * has none, two that are not `companions`, or one that this version does not support, before the schema
 * of a kind looks at the rest.
 */
export function oneOfKind<Kinds extends Readonly<Record<string, z.ZodType>>>(
  noun: string,
  kinds: Kinds,
  planned: readonly string[],
  companions: readonly string[] = [],
): z.ZodType<z.output<Kinds[keyof Kinds]>> {
  const known = Object.keys(kinds);
  return z.preprocess(
    (value, context) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      const keys = Object.keys(value);
      const named = keys.filter((key) => known.includes(key));
      const second = named
        .slice(1)
        .find((key) => !companions.includes(key) || !companions.includes(named[0] ?? ''));
      const later = keys.find((key) => planned.includes(key) && !known.includes(key));
      if (second !== undefined) {
        context.addIssue({
          code: 'custom',
          message: `a ${noun} is of one kind, and "${named[0]}" is there already`,
          path: [second],
          params: { target: 'key', hint: `Write a ${noun} of its own for it` },
        });
      } else if (named.length === 0 && later !== undefined) {
        context.addIssue({
          code: 'custom',
          message: `a ${noun} of this kind is not supported yet in this version`,
          path: [later],
          params: { target: 'key', hint: `This version has: ${known.join(', ')}` },
        });
      } else if (named.length === 0) {
        context.addIssue({ code: 'custom', ...missingKind(noun, keys, known) });
      }
      return value;
    },
    z.union(Object.values(kinds)) as z.ZodType<z.output<Kinds[keyof Kinds]>>,
  );
}

function missingKind(
  noun: string,
  keys: readonly string[],
  known: readonly string[],
): { message: string; path: string[]; params: { target: string; hint: string } } {
  for (const key of keys) {
    const meant = nearest(key, known);
    if (meant === undefined) continue;
    return {
      message: `it names no kind of ${noun}`,
      path: [key],
      params: { target: 'key', hint: `Did you mean "${meant}"?` },
    };
  }
  return {
    message: `no key in it says which kind of ${noun} it is`,
    path: [],
    params: { target: 'value', hint: `Give it one of these keys: ${known.join(', ')}` },
  };
}
