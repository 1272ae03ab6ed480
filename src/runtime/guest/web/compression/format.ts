import { requireArguments, toEnum } from '../shared/idl.ts';
import { type Checksum, createAdler32, createCrc32 } from './checksum.ts';

/** Raw deflate, the same in zlib's wrapping (RFC 1950), or in gzip's (RFC 1952). */
export type Format = 'deflate' | 'deflate-raw' | 'gzip';

/** @throws TypeError */
export function readFormat(given: ArrayLike<unknown>, what: string): Format {
  requireArguments(given.length, 1, what);
  return toEnum(given[0], ['deflate', 'deflate-raw', 'gzip'], 'The format') as Format;
}

/** What each wrapping puts around raw deflate. */
export interface Wrapping {
  readonly header: readonly number[];
  /** Bytes after the data. */
  readonly trailerBytes: number;
  createChecksum(): Checksum;
  /** The bytes after the data, for its checksum and length. */
  trailer(checksum: number, length: number): readonly number[];
}

const UNKNOWN_SYSTEM = 255;

export const WRAPPINGS: Readonly<Record<Format, Wrapping>> = {
  deflate: {
    header: [0x78, 0x9c],
    trailerBytes: 4,
    createChecksum: createAdler32,
    trailer: (checksum) => [24, 16, 8, 0].map((shift) => (checksum >>> shift) & 0xff),
  },
  gzip: {
    header: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM],
    trailerBytes: 8,
    createChecksum: createCrc32,
    trailer: (checksum, length) =>
      [checksum, length].flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff)),
  },
  'deflate-raw': {
    header: [],
    trailerBytes: 0,
    createChecksum: () => ({ add: () => undefined, value: () => 0 }),
    trailer: () => [],
  },
};
