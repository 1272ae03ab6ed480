/** wasi:io/streams, wasi:io/error and the streams of wasi:cli. */
import type { Variant } from '../codec.ts';
import { Pollable } from './clocks.ts';
import { failed, type HostState, type HostTable, NONE, ok } from './state.ts';
import type { InputStream, OutputStream } from './stream-objects.ts';

/** What one call of `write` takes at the most. */
const WRITE_BYTES = 65_536n;
const MAX_READ_BYTES = 16 * 1024 ** 2;
/** The case `closed` of `stream-error`. */
const CLOSED: Variant = failed({ tag: 1, value: undefined });

function length(count: bigint): number {
  return count > MAX_READ_BYTES ? MAX_READ_BYTES : Number(count);
}

function read(_state: HostState, [stream, count]: readonly [InputStream, bigint]): Variant {
  return stream.isAtEnd ? CLOSED : ok(stream.read(length(count)));
}

function skip(_state: HostState, [stream, count]: readonly [InputStream, bigint]): Variant {
  return stream.isAtEnd ? CLOSED : ok(BigInt(stream.read(length(count)).length));
}

function write(_state: HostState, [stream, bytes]: readonly [OutputStream, Uint8Array]): Variant {
  stream.write(bytes);
  return ok();
}

function writeZeroes(_state: HostState, [stream, count]: readonly [OutputStream, bigint]): Variant {
  stream.write(new Uint8Array(length(count)));
  return ok();
}

function splice(_state: HostState, [to, from, count]: readonly [OutputStream, InputStream, bigint]): Variant {
  if (from.isAtEnd) return CLOSED;
  const bytes = from.read(length(count));
  to.write(bytes);
  return ok(BigInt(bytes.length));
}

const IN = 'wasi:io/streams#[method]input-stream.';
const OUT = 'wasi:io/streams#[method]output-stream.';

export const STREAMS: HostTable = {
  'wasi:cli/stdin#get-stdin': (state) => state.stdin,
  'wasi:cli/stdout#get-stdout': (state) => state.stdout,
  'wasi:cli/stderr#get-stderr': (state) => state.stderr,
  'wasi:cli/terminal-stdin#get-terminal-stdin': () => NONE,
  'wasi:cli/terminal-stdout#get-terminal-stdout': () => NONE,
  'wasi:cli/terminal-stderr#get-terminal-stderr': () => NONE,
  'wasi:filesystem/preopens#get-directories': () => [],
  // No error of a stream comes from a file.
  'wasi:filesystem/types#filesystem-error-code': () => NONE,
  'wasi:io/error#[method]error.to-debug-string': () => 'the stream failed',
  [`${IN}read`]: read,
  [`${IN}blocking-read`]: read,
  [`${IN}skip`]: skip,
  [`${IN}blocking-skip`]: skip,
  [`${IN}subscribe`]: () => new Pollable(undefined),
  [`${OUT}check-write`]: () => ok(WRITE_BYTES),
  [`${OUT}write`]: write,
  [`${OUT}blocking-write-and-flush`]: write,
  [`${OUT}flush`]: () => ok(),
  [`${OUT}blocking-flush`]: () => ok(),
  [`${OUT}subscribe`]: () => new Pollable(undefined),
  [`${OUT}write-zeroes`]: writeZeroes,
  [`${OUT}blocking-write-zeroes-and-flush`]: writeZeroes,
  [`${OUT}splice`]: splice,
  [`${OUT}blocking-splice`]: splice,
};
