import { concatBytes, toUsvString, viewBytes, withoutMark } from '../shared/idl.ts';
import { type Stream, type StreamController, streamOf, useStreams } from '../shared/stream-types.ts';
import { isAsyncIterable, isBlob, isFormData, isSearchParams, isStream, useBlobs } from './features.ts';
import type { BodySource, HostBody } from './host-body.ts';

/** Most of what comes from the network that is read at once: what the host gives at once, too. */
const MAX_WHOLE_BYTES = 8 * 1024 ** 2;

/**
 * A body: what it was made of, or the host has of it, as long as nobody asks for its stream, and the stream from then
 * on. Most are read whole, and streams are dear.
 */
export class BodyState {
  #source: BodySource | undefined;
  #stream: Stream | undefined;
  #host: HostBody | undefined;
  /** Whether it comes from the network. */
  #isBounded: boolean;
  #isUsed = false;

  constructor(
    source: BodySource | undefined,
    stream?: Stream,
    host?: HostBody,
    isBounded = host !== undefined,
  ) {
    this.#source = source;
    this.#stream = stream;
    this.#host = host;
    this.#isBounded = isBounded;
  }

  /** What it was made of; nothing where that was a stream. */
  get source(): BodySource | undefined {
    return this.#source;
  }

  get used(): boolean {
    return this.#stream === undefined ? this.#isUsed : this.#stream._disturbed;
  }

  /** Whether it was read, or is being read by somebody. */
  get unusable(): boolean {
    return this.used || this.#stream?.locked === true;
  }

  get stream(): Stream {
    if (this.#stream !== undefined) return this.#stream;
    if (this.#isUsed) {
      // Whoever has read it holds it for ever, as the reader of a stream would.
      this.#stream = streamOf(new Uint8Array(0));
      this.#stream.getReader();
      this.#stream._disturbed = true;
    } else if (this.#host !== undefined) this.#stream = this.#host.stream();
    else this.#stream = streamOf(this.source === undefined ? new Uint8Array(0) : bytesOf(this.source));
    return this.#stream;
  }

  /** A second body with the same content. */
  clone(): BodyState {
    if (this.#stream === undefined && this.source !== undefined) {
      if (this.source.kind === 'bytes') this.#source = { ...this.source, shared: true };
      return new BodyState(this.source);
    }
    const [own, other] = this.stream.tee();
    this.#stream = own;
    this.#host = undefined;
    return new BodyState(this.source, copyChunks(other), undefined, this.#isBounded);
  }

  /** The content for another holder; this one counts as used. */
  handOver(): BodyState {
    if (this.#stream === undefined) {
      this.#isUsed = true;
      return new BodyState(this.source);
    }
    const { TransformStream } = useStreams();
    const given = this.#stream.pipeThrough(new TransformStream());
    this.#stream._disturbed = true;
    return new BodyState(this.source, given);
  }

  /**
   * Reads it to its end.
   * @throws TypeError when a chunk is not bytes, HS_HTTP_TOO_LARGE, and what the stream fails with
   */
  async consume(): Promise<BodySource> {
    if (this.#stream === undefined && this.source !== undefined) {
      this.#isUsed = true;
      return this.source;
    }
    if (this.#host !== undefined) {
      this.#isUsed = true;
      if (this.#stream !== undefined) {
        this.#stream.getReader();
        this.#stream._disturbed = true;
      }
      return this.#host.rest();
    }
    const reader = this.stream.getReader();
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { kind: 'bytes', bytes: concatBytes(chunks), shared: false };
      const error = this.#refuse(value, bytes);
      if (error !== undefined) {
        reader.cancel(error).catch(() => undefined);
        throw error;
      }
      chunks.push(value as Uint8Array);
      bytes += (value as Uint8Array).length;
    }
  }

  /** Why a chunk that follows so many bytes is not taken. */
  #refuse(chunk: unknown, bytes: number): Error | undefined {
    if (!(chunk instanceof Uint8Array)) return new TypeError('A chunk of the body is not a Uint8Array');
    if (!this.#isBounded || bytes + chunk.length <= MAX_WHOLE_BYTES) return undefined;
    return new runtime.HostError(
      'HS_HTTP_TOO_LARGE',
      `Cannot read a body as a whole: it is over the limit of ${MAX_WHOLE_BYTES} bytes`,
      false,
    );
  }
}

export function bytesOf(source: BodySource): Uint8Array<ArrayBuffer> {
  return source.kind === 'text' ? runtime.encodeUtf8(source.text) : source.bytes;
}

/** Bytes that nobody else holds. */
export function ownBytesOf(source: BodySource): Uint8Array<ArrayBuffer> {
  return source.kind === 'bytes' && source.shared ? source.bytes.slice() : bytesOf(source);
}

export function textOf(source: BodySource): string {
  return withoutMark(wholeTextOf(source));
}

/** With its byte order mark. */
export function wholeTextOf(source: BodySource): string {
  return source.kind === 'text' ? source.text : runtime.decodeUtf8(source.bytes, false);
}

/** The two readers of a body do not share memory. */
function copyChunks(stream: Stream): Stream {
  const { ReadableStream } = useStreams();
  const reader = stream.getReader();
  return new ReadableStream(
    {
      async pull(controller: StreamController) {
        const { value, done } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(copyOf(value));
      },
      cancel: (reason: unknown) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function copyOf(value: unknown): unknown {
  const clone: unknown = Reflect.get(globalThis, 'structuredClone');
  if (value instanceof Uint8Array) return value.slice();
  return typeof clone === 'function' ? clone(value) : value;
}

/** A body from a `BodyInit`, and the type that it gives. @throws TypeError when it is a stream in use */
export function extractBody(init: unknown): { body: BodyState; type: string | undefined } {
  const text = (value: string, type: string): { body: BodyState; type: string } => ({
    body: new BodyState({ kind: 'text', text: value }),
    type,
  });
  const bytes = (
    value: Uint8Array<ArrayBuffer>,
    shared: boolean,
    type: string | undefined,
  ): { body: BodyState; type: string | undefined } => ({
    body: new BodyState({ kind: 'bytes', bytes: value, shared }),
    type,
  });
  if (typeof init !== 'object' || init === null) return text(toUsvString(init), 'text/plain;charset=UTF-8');
  const view = viewBytes(init);
  if (view !== undefined) return bytes(view.slice(), false, undefined);
  if (isStream(init)) {
    if (init.locked || init._disturbed) throw new TypeError('The stream of a body is in use or was used');
    return { body: new BodyState(undefined, init), type: undefined };
  }
  if (isBlob(init)) return bytes(useBlobs().blobBytes(init), true, init.type === '' ? undefined : init.type);
  if (isFormData(init)) {
    const encoded = useBlobs().encodeMultipart(init);
    return bytes(encoded.bytes, false, `multipart/form-data; boundary=${encoded.boundary}`);
  }
  if (isAsyncIterable(init))
    return { body: new BodyState(undefined, useStreams().ReadableStream.from(init)), type: undefined };
  if (isSearchParams(init)) return text(`${init}`, 'application/x-www-form-urlencoded;charset=UTF-8');
  return text(toUsvString(init), 'text/plain;charset=UTF-8');
}
