/** Words of the messages about Nexfiles. */

const TYPE_NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** `a map` for a type name of zod's. */
export function typeNoun(expected: string): string {
  return TYPE_NOUNS[expected] ?? expected;
}

/** What `value` is, as `a list`. */
export function nounOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number';
  return typeNoun(typeof value);
}

/** `value` as a message quotes it, in at most about 80 characters. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
  if (typeof value === 'object' || value === undefined)
    return nounOf(value) === 'empty' ? 'nothing' : nounOf(value);
  return String(value);
}

/** `start_request.triggers[0].subject` */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += `${text === '' ? '' : '.'}${String(segment).slice(0, 80)}`;
  }
  return text;
}
