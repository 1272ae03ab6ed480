/**
 * Values as they cross between a component and whoever it calls: in memory, and as parameters ("flat").
 * https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
 * Records are arrays, variants {@link Variant}s, 64-bit numbers BigInts, lists of bytes Uint8Arrays.
 */
import type { Place } from './place.ts';

export type FlatKind = 'i32' | 'i64' | 'f32' | 'f64';

export interface Variant {
  readonly tag: number;
  readonly value: unknown;
}

/** Flat values, from the left to the right. */
export interface FlatReader {
  readonly values: readonly unknown[];
  at: number;
}

export interface Codec {
  readonly size: number;
  readonly align: number;
  /** Undefined when there are more than parameters may have. */
  readonly flat: readonly FlatKind[] | undefined;
  load(place: Place, pointer: number): unknown;
  store(place: Place, pointer: number, value: unknown): void;
  lift(place: Place, flat: FlatReader): unknown;
  lower(place: Place, value: unknown, flat: unknown[]): void;
}

/** Flat values that one call may have; more are passed in memory. */
export const MAX_FLAT_PARAMS = 16;

export function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

export function joinFlat(parts: readonly Codec[]): readonly FlatKind[] | undefined {
  const flat: FlatKind[] = [];
  for (const part of parts) {
    if (part.flat === undefined || flat.length + part.flat.length > MAX_FLAT_PARAMS) return undefined;
    flat.push(...part.flat);
  }
  return flat;
}
