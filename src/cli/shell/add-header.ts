import { InvalidArgumentError } from 'commander';

/** One more `name:value` of an option that may be repeated. */
export function addHeader(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const match = /^([^:]+):\s*(.*)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError('Write it like name:value.');
  return { ...before, [match[1] ?? '']: match[2] ?? '' };
}
