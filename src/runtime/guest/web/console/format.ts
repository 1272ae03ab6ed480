import { inspect } from './inspect.ts';

/** https://console.spec.whatwg.org/#formatter */
export function format(values: readonly unknown[]): string {
  const [first] = values;
  if (typeof first !== 'string') return values.map(showPlain).join(' ');
  let next = 1;
  const text = first.includes('%')
    ? first.replaceAll(/%[sdifoOc%]/g, (specifier) => {
        if (specifier === '%%') return '%';
        if (next >= values.length) return specifier;
        const value = values[next];
        next += 1;
        return replace(specifier, value);
      })
    : first;
  return [text, ...values.slice(next).map(showPlain)].join(' ');
}

function showPlain(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

function replace(specifier: string, value: unknown): string {
  switch (specifier) {
    case '%s':
      return typeof value === 'object' || typeof value === 'function' ? inspect(value, 1) : String(value);
    case '%d':
    case '%i':
      return typeof value === 'symbol' ? 'NaN' : `${Number.parseInt(`${value}`, 10)}`;
    case '%f':
      return typeof value === 'symbol' ? 'NaN' : `${Number.parseFloat(`${value}`)}`;
    case '%c':
      return '';
    default:
      return inspect(value);
  }
}
