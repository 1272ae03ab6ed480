import type { Unit } from '../../src/measure/index.ts';

/** Where there is no figure. */
export const NONE = '–';

export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Three significant digits, so that columns of different sizes can be read: 0.27, 2.62, 22.5, 1,240. */
export function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return thousands(value);
  return value.toFixed(size >= 10 ? 1 : 2);
}

export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(0)} %`;
}

/** A size as people write it: 100 B, 5 KB, 2.9 MB. */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  const [size, unit] = value < 1e6 ? [value / 1e3, 'KB'] : [value / 1e6, 'MB'];
  return `${Number(size.toFixed(1))} ${unit}`;
}

/** A figure without its unit, which the head of the column names: see {@link unitName}. */
export function figure(value: number | undefined, unit: Unit): string {
  if (value === undefined || !Number.isFinite(value)) return NONE;
  if (unit === '1/s' || unit === 'count') return thousands(value);
  if (unit === 'ratio' || unit === 'cores') return value.toFixed(2);
  return significant(unit === 'bytes' ? value / 1e6 : value);
}

/** What {@link figure} writes is in. */
export function unitName(unit: Unit): string {
  if (unit === 'bytes') return 'MB';
  return unit === 'ratio' || unit === 'count' ? '' : unit;
}

/** A figure with its unit: `2.62 ms`, `46,783/s`, `0.61`. */
export function quantity(value: number | undefined, unit: Unit): string {
  const text = figure(value, unit);
  if (text === NONE || unitName(unit) === '') return text;
  return unit === '1/s' ? `${text}/s` : `${text} ${unitName(unit)}`;
}
