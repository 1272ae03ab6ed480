import type { Unit } from '../../../src/measure/index.ts';

/** What a plot shows, before any library draws it. Titles say the finding; axes name their units. */
export type Chart = LineChart | RangeChart;

/** Ours is set off, what it is measured against stays in the background. */
export type Tone = 'ours' | 'floor' | 'other';

export interface Axis {
  readonly label: string;
  readonly log: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly tone: Tone;
  readonly dashed: boolean;
  readonly points: readonly Point[];
}

interface ChartBase {
  /** Of the field, for file names and anchors: `cold-start`. */
  readonly id: string;
  readonly title: string;
  /** What was measured, and how to read it. */
  readonly subtitle: string;
}

export interface LineChart extends ChartBase {
  readonly kind: 'lines';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** A point for each name, some with a whisker, on a logarithmic axis. */
export interface RangeChart extends ChartBase {
  readonly kind: 'ranges';
  readonly label: string;
  readonly unit: Unit;
  readonly items: readonly {
    readonly name: string;
    readonly tone: Tone;
    /** The point. */
    readonly middle: number;
    /** The end of the whisker, p99; undefined where there is none. */
    readonly high: number | undefined;
  }[];
}
