import { z } from 'zod';
import {
  type FunctionLimits,
  formatBytes,
  formatDuration,
  LIMIT_RANGES,
  type LimitRange,
  parseBytes,
  parseDuration,
} from '../../core/index.ts';

interface Unit {
  readonly noun: string;
  /** Also published in the JSON Schema, so without look-arounds. */
  readonly pattern: RegExp;
  readonly parse: (text: string) => number;
  readonly format: (value: number) => string;
}

const DURATION: Unit = {
  noun: 'a duration',
  pattern: /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/,
  parse: parseDuration,
  format: formatDuration,
};

const SIZE: Unit = {
  noun: 'a size',
  pattern: /^\d+(?:\.\d+)?\s?(?:B|KiB|MiB|GiB|KB|MB|GB)$/,
  parse: parseBytes,
  format: formatBytes,
};

/** `limits` of a Nexfile: durations and sizes as text, counts as numbers; what is left out takes its default. */
export const limitsSchema = z
  .strictObject({
    timeout: quantity(DURATION, LIMIT_RANGES.timeoutMs, 'Wall clock from acceptance to reply.'),
    // The default gives way to a shorter `timeout`; what is written down must not be longer.
    cpu: quantityText(
      DURATION,
      LIMIT_RANGES.cpuMs,
      'The longest the function may hold a thread at a stretch, at most `timeout`.',
    ).optional(),
    memory: quantity(SIZE, LIMIT_RANGES.memoryBytes, 'V8 heap of one instance.'),
    concurrency: count(LIMIT_RANGES.concurrency, 'Invocations in progress at once, per cell.'),
    queue: count(LIMIT_RANGES.queue, 'Invocations waiting for a free place, per cell.'),
    payload: quantity(SIZE, LIMIT_RANGES.payloadBytes, 'Largest message accepted.'),
    minWarm: count(LIMIT_RANGES.minWarm, 'Instances made ahead and never evicted, per cell.'),
  })
  .superRefine(({ cpu, timeout }, context) => {
    if (cpu === undefined || cpu <= timeout) return;
    context.addIssue({
      code: 'custom',
      path: ['cpu'],
      message: `it is longer than limits.timeout of ${formatDuration(timeout)}`,
      params: { hint: 'Raise limits.timeout: the time that a function holds a thread counts toward it' },
    });
  })
  .transform(
    (limits): FunctionLimits => ({
      timeoutMs: limits.timeout,
      cpuMs: limits.cpu ?? Math.min(LIMIT_RANGES.cpuMs.default, limits.timeout),
      memoryBytes: limits.memory,
      concurrency: limits.concurrency,
      queue: limits.queue,
      payloadBytes: limits.payload,
      minWarm: limits.minWarm,
    }),
  );

/** Resolved limits in the form that {@link limitsSchema} reads. */
export function limitsToWire(limits: FunctionLimits): z.input<typeof limitsSchema> {
  return {
    timeout: formatDuration(limits.timeoutMs),
    cpu: formatDuration(limits.cpuMs),
    memory: exactBytes(limits.memoryBytes),
    concurrency: limits.concurrency,
    queue: limits.queue,
    payload: exactBytes(limits.payloadBytes),
    minWarm: limits.minWarm,
  };
}

/** `formatBytes` rounds; what is read back must be the same number. */
function exactBytes(bytes: number): string {
  const text = formatBytes(bytes);
  return parseBytes(text) === bytes ? text : `${bytes}B`;
}

function quantity(unit: Unit, range: LimitRange, description: string) {
  return quantityText(unit, range, description).prefault(unit.format(range.default));
}

function quantityText(unit: Unit, range: LimitRange, description: string) {
  const span = `${unit.format(range.min)} to ${unit.format(range.max)}`;
  return z
    .string()
    .regex(unit.pattern, {
      error: `it is not ${unit.noun}; the range is ${span}`,
    })
    .meta({ description: `${description} ${span}.`, examples: [unit.format(range.default)] })
    .transform((text, context) => {
      const value = unit.parse(text);
      if (value >= range.min && value <= range.max) return value;
      context.addIssue({
        code: 'custom',
        message: `the range is ${span}`,
        params: { hint: `Leave it out for the default of ${unit.format(range.default)}` },
      });
      return z.NEVER;
    });
}

function count(range: LimitRange, description: string) {
  const span = `the range is ${range.min} to ${range.max}`;
  return z
    .int()
    .min(range.min, { error: span })
    .max(range.max, { error: span })
    .default(range.default)
    .meta({ description, examples: [range.default] });
}
