/**
 * What the console does beyond lines of text, which ../web.js writes itself.
 * https://console.spec.whatwg.org
 */
import { format } from './format.ts';
import { inspect } from './inspect.ts';
import { formatTable } from './table.ts';

type Method = (...values: unknown[]) => void;

/** A label of a function that makes ever new ones is forgotten. */
const MAX_LABELS = 1_000;
const counts = new Map<string, number>();
const startedAt = new Map<string, number>();

function remember(labels: Map<string, number>, label: string, value: number): void {
  if (labels.size < MAX_LABELS || labels.has(label)) labels.set(label, value);
}

function labelOf(label: unknown = 'default'): string {
  return `${label}`;
}

function elapsed(label: string): string | undefined {
  const since = startedAt.get(label);
  if (since !== undefined) return `${label}: ${((runtime.door('now') as number) - since).toFixed(1)} ms`;
  runtime.log('warn', `There is no timer "${label}"`);
  return undefined;
}

const methods: Record<string, Method> = {
  assert(condition, ...values) {
    if (condition) return;
    const [first, ...rest] = values;
    if (values.length === 0) runtime.log('error', 'Assertion failed');
    else if (typeof first === 'string') runtime.log('error', format([`Assertion failed: ${first}`, ...rest]));
    else runtime.log('error', format(['Assertion failed:', ...values]));
  },
  clear() {},
  count(label) {
    const name = labelOf(label);
    const count = (counts.get(name) ?? 0) + 1;
    remember(counts, name, count);
    runtime.log('info', `${name}: ${count}`);
  },
  countReset(label) {
    const name = labelOf(label);
    if (!counts.delete(name)) runtime.log('warn', `There is no count "${name}"`);
  },
  dir(value, options) {
    const { depth } = (options ?? {}) as { depth?: unknown };
    const limit = depth === null ? Number.POSITIVE_INFINITY : depth;
    runtime.log('info', typeof limit === 'number' ? inspect(value, limit) : inspect(value));
  },
  dirxml(...values) {
    runtime.log('info', format(values));
  },
  table(data, properties) {
    const columns = Array.isArray(properties) ? properties.map(String) : undefined;
    runtime.log('info', formatTable(data, columns) ?? format([data]));
  },
  time(label) {
    const name = labelOf(label);
    if (startedAt.has(name)) runtime.log('warn', `There is a timer "${name}" already`);
    else remember(startedAt, name, runtime.door('now') as number);
  },
  timeLog(label, ...values) {
    const text = elapsed(labelOf(label));
    if (text !== undefined) runtime.log('info', format([text.replaceAll('%', '%%'), ...values]));
  },
  timeEnd(label) {
    const name = labelOf(label);
    const text = elapsed(name);
    startedAt.delete(name);
    if (text !== undefined) runtime.log('info', text);
  },
  trace(...values) {
    const { stack = '' } = new Error();
    // The first lines are of the console itself.
    const frames = stack
      .split('\n')
      .slice(1)
      .filter((line) => !line.includes('hairspring:prelude'));
    runtime.log(
      'info',
      [
        'Trace',
        ...(values.length > 0 ? [`: ${format(values)}`] : []),
        ...frames.map((line) => `\n${line}`),
      ].join(''),
    );
  },
};

export const internals = { format, inspect, methods };
