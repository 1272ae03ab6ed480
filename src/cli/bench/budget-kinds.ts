import { formatBytes, parseBytes } from '../../core/index.ts';
import type { Metric, Unit } from '../../measure/index.ts';
import { formatElapsed } from '../shell/format.ts';
import type { FigureKind } from './budget-figures.ts';

/** How a figure of a kind is bounded and written. */
interface KindInfo {
  readonly unit: Unit;
  readonly better: NonNullable<Metric['better']>;
  readonly example: string;
  /** @returns undefined when the text is not of this kind */
  parse(text: string): number | undefined;
  format(value: number): string;
}

const TIME_MS: Readonly<Record<string, number>> = { us: 0.001, µs: 0.001, ms: 1, s: 1_000 };

function parseTimeMs(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(us|µs|ms|s)$/.exec(text) ?? [];
  const factor = TIME_MS[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

function parseTimeUs(text: string): number | undefined {
  const ms = parseTimeMs(text);
  return ms === undefined ? undefined : ms * 1_000;
}

function parseRate(text: string): number | undefined {
  const [, amount] = /^(\d+(?:\.\d+)?)\/s$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount);
}

function parseRatio(text: string): number | undefined {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) / (percent === '%' ? 100 : 1);
}

function parseMemory(text: string): number | undefined {
  try {
    return parseBytes(text);
  } catch {
    return undefined;
  }
}

export const BUDGET_KINDS: Readonly<Record<FigureKind, KindInfo>> = {
  time: { unit: 'ms', better: 'lower', example: '15ms', parse: parseTimeMs, format: formatElapsed },
  cpu: {
    unit: 'µs',
    better: 'lower',
    example: '40us',
    parse: parseTimeUs,
    format: (value) => `${value.toFixed(1)} µs`,
  },
  rate: {
    unit: '1/s',
    better: 'higher',
    example: '10000/s',
    parse: parseRate,
    format: (value) => `${Math.round(value)}/s`,
  },
  ratio: {
    unit: 'ratio',
    better: 'higher',
    example: '0.5',
    parse: parseRatio,
    format: (value) => value.toFixed(2),
  },
  memory: {
    unit: 'bytes',
    better: 'lower',
    example: '4MB',
    parse: parseMemory,
    format: (value) => formatBytes(Math.max(0, Math.round(value))),
  },
};
