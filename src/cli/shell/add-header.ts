import { InvalidArgumentError } from 'commander';

/** The values of each header, in the order in which they are given. */
export type Headers = Readonly<Record<string, readonly string[]>>;

/** One more `name:value` of an option that may be repeated, also for the same name. */
export function addHeader(text: string, before: Headers = {}): Headers {
  const match = /^([^:]+):\s*(.*)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError('Write it like name:value.');
  const [, name = '', value = ''] = match;
  const earlier = Object.hasOwn(before, name) ? (before[name] ?? []) : [];
  return { ...before, [name]: [...earlier, value] };
}

/** The same with one value of each name: several are one list with commas, as HTTP has it. */
export function joinHeaders(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(', ')]));
}
