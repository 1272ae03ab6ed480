import type { Variant } from '../../codec.ts';

/** In the order of the variant `method`, whose last case has the name in it. */
export const METHODS: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
];

export function methodName({ tag, value }: Variant): string {
  return METHODS[tag] ?? (value as string);
}
