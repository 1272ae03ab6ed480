/** wasi:io/streams, wasi:io/error and the streams of wasi:cli. */
import type { Variant } from '../codec.ts';
import { Pollable } from './clocks.ts';
import { describeError, failed, type HostState, type HostTable, NONE, ok } from './state.ts';
import type { InputStream, OutputStream } from './stream-objects.ts';

/** What one call of `write` takes of a stream in memory. */
const WRITE_BYTES = 65_536;
const MAX_READ_BYTES = 16 * 1024 ** 2;
/** What is known of a stream that broke off. */
class StreamError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The case `closed` of `stream-error`. */
const CLOSED: Variant = failed({ tag: 1, value: undefined });

function length(count: bigint): number {
  return count > MAX_READ_BYTES ? MAX_READ_BYTES : Number(count);
}

/** Streams whose failure the component has heard. */
const toldStreams = new WeakSet<object>();

/** Why a stream cannot go on: it broke off, of which the component hears once, or is closed. */
function endOf(stream: Readonly<{ failure?: unknown; isClosed?: boolean }>): Variant | undefined {
  if (stream.failure === undefined) return stream.isClosed === true ? CLOSED : undefined;
  if (toldStreams.has(stream)) return CLOSED;
  toldStreams.add(stream);
  return failed({ tag: 0, value: new StreamError(describeError(stream.failure)) });
}

/** `then`, at once or when the stream can go on. */
function whenReady<Result>(
  state: HostState,
  stream: InputStream | OutputStream,
  then: () => Result | Promise<Result>,
): Result | Promise<Result> {
  const pending = stream.pending?.();
  if (pending === undefined) return then();
  return state.wait(() => pending).then(() => whenReady(state, stream, then));
}

function take(stream: InputStream, count: bigint): Variant {
  return endOf(stream) ?? (stream.isAtEnd ? CLOSED : ok(stream.read(length(count))));
}

function skipped({ tag, value }: Variant): Variant {
  return { tag, value: tag === 0 ? BigInt((value as Uint8Array).length) : value };
}

/** Gives what is there, and has more fetched where that is nothing. */
function read(_state: HostState, [stream, count]: readonly [InputStream, bigint]): Variant {
  stream.pending?.();
  return take(stream, count);
}

function blockingRead(
  state: HostState,
  [stream, count]: readonly [InputStream, bigint],
): Variant | Promise<Variant> {
  return whenReady(state, stream, () => take(stream, count));
}

function checkWrite(_state: HostState, [stream]: readonly [OutputStream]): Variant {
  stream.pending?.();
  return endOf(stream) ?? ok(BigInt(stream.room ?? WRITE_BYTES));
}

function write(_state: HostState, [stream, bytes]: readonly [OutputStream, Uint8Array]): Variant {
  const end = endOf(stream);
  if (end !== undefined) return end;
  stream.write(bytes);
  return ok();
}

function writeAll(
  state: HostState,
  [stream, bytes]: readonly [OutputStream, Uint8Array],
): Variant | Promise<Variant> {
  return whenReady(state, stream, () => {
    const part = bytes.subarray(0, stream.room ?? bytes.length);
    const written = write(state, [stream, part]);
    if (written.tag !== 0 || part.length === bytes.length) return written;
    return writeAll(state, [stream, bytes.subarray(part.length)]);
  });
}

function zeroes(count: bigint, room = MAX_READ_BYTES): Uint8Array {
  if (count > room) throw new RangeError('It writes more zeroes than check-write has allowed');
  return new Uint8Array(Number(count));
}

function splice(_state: HostState, [to, from, count]: readonly [OutputStream, InputStream, bigint]): Variant {
  to.pending?.();
  from.pending?.();
  const end = endOf(to);
  if (end !== undefined) return end;
  const room = to.room ?? MAX_READ_BYTES;
  const taken = take(from, count > room ? BigInt(room) : count);
  if (taken.tag === 0) to.write(taken.value as Uint8Array);
  return skipped(taken);
}

function blockingSplice(
  state: HostState,
  args: readonly [OutputStream, InputStream, bigint],
): Variant | Promise<Variant> {
  const [to, from] = args;
  return whenReady(state, to, () => whenReady(state, from, () => splice(state, args)));
}

function subscribe(_state: HostState, [stream]: readonly [InputStream | OutputStream]): Pollable {
  return new Pollable(undefined, () => stream.pending?.());
}

/** Whoever finishes a value hears whether all of it has arrived. */
function flush(_state: HostState, [stream]: readonly [OutputStream]): Variant {
  return endOf(stream) ?? ok();
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
  'wasi:io/error#[method]error.to-debug-string': (_state, [error]: readonly [StreamError]) => error.text,
  [`${IN}read`]: read,
  [`${IN}blocking-read`]: blockingRead,
  [`${IN}skip`]: (state, args: readonly [InputStream, bigint]) => skipped(read(state, args)),
  [`${IN}blocking-skip`]: (state, [stream, count]: readonly [InputStream, bigint]) =>
    whenReady(state, stream, () => skipped(take(stream, count))),
  [`${IN}subscribe`]: subscribe,
  [`${OUT}check-write`]: checkWrite,
  [`${OUT}write`]: write,
  [`${OUT}blocking-write-and-flush`]: writeAll,
  [`${OUT}flush`]: flush,
  [`${OUT}blocking-flush`]: flush,
  [`${OUT}subscribe`]: subscribe,
  [`${OUT}write-zeroes`]: (state, [stream, count]: readonly [OutputStream, bigint]) =>
    write(state, [stream, zeroes(count, stream.room)]),
  [`${OUT}blocking-write-zeroes-and-flush`]: (state, [stream, count]: readonly [OutputStream, bigint]) =>
    writeAll(state, [stream, zeroes(count)]),
  [`${OUT}splice`]: splice,
  [`${OUT}blocking-splice`]: blockingSplice,
};
