/** What is used of the feature "streams". */

export interface StreamReader {
  read(): Promise<{ readonly value?: unknown; readonly done: boolean }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

export interface Stream {
  readonly locked: boolean;
  getReader(): StreamReader;
  cancel(reason?: unknown): Promise<void>;
  tee(): [Stream, Stream];
  pipeThrough(pair: { readonly readable: Stream; readonly writable: object }): Stream;
  /** The library's own record of whether somebody has read or cancelled. */
  _disturbed: boolean;
}

export interface StreamController {
  enqueue(chunk: unknown): void;
  close(): void;
  error(reason: unknown): void;
  readonly byobRequest?: { respond(bytes: number): void } | null;
}

export interface TransformController {
  enqueue(chunk: unknown): void;
  error(reason: unknown): void;
  terminate(): void;
}

export interface StreamsFeature {
  readonly ReadableStream: {
    new (source: object, strategy?: object): Stream;
    from(items: AsyncIterable<unknown>): Stream;
  };
  readonly TransformStream: new (
    transformer?: object,
    writableStrategy?: object,
    readableStrategy?: object,
  ) => { readonly readable: Stream; readonly writable: object };
}

export function useStreams(): StreamsFeature {
  return runtime.use('streams') as unknown as StreamsFeature;
}

/** Bytes as a stream in pieces, made when they are asked for. */
export function streamOf(bytes: Uint8Array): Stream {
  const { ReadableStream } = useStreams();
  const pieceBytes = 64 * 1024;
  let at = 0;
  return new ReadableStream({
    type: 'bytes',
    pull(controller: StreamController) {
      if (at >= bytes.length) {
        controller.close();
        controller.byobRequest?.respond(0);
        return;
      }
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}
