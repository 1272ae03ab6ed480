import { type Stream, type StreamController, useStreams } from '../shared/stream-types.ts';
import type { AbortSignalLike } from './features.ts';

/** Makes a host call on one http binding. */
export type HttpCaller = <Result>(
  op: string,
  args: (string | number)[],
  payload: unknown,
  convert: (value: unknown, payload: GuestPayload) => Result,
) => Promise<Result>;

/** Text, or bytes that are the holder's own, or bytes that others hold too. */
export type BodySource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer>; readonly shared: boolean };

export function sourceOf(payload: GuestPayload): BodySource {
  if (payload.kind === 1) return { kind: 'text', text: payload.value as string };
  return { kind: 'bytes', bytes: runtime.payloadBytes(payload), shared: false };
}

/** Gives a request up, with both of its bodies. */
export function closeRequest(caller: HttpCaller, number: number): void {
  caller('close', [number], undefined, () => undefined).catch(() => undefined);
}

/** The body of an answer that the host reads as far as it is asked for, by its handle. */
export class HostBody {
  #caller: HttpCaller;
  #number: number;
  #handle: number;
  #signal: AbortSignalLike | undefined;
  #controller: StreamController | undefined;

  constructor(caller: HttpCaller, number: number, handle: number, signal: AbortSignalLike | undefined) {
    this.#caller = caller;
    this.#number = number;
    this.#handle = handle;
    this.#signal = signal;
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Not read before somebody reads it. */
  stream(): Stream {
    const { ReadableStream } = useStreams();
    return new ReadableStream(
      {
        type: 'bytes',
        start: (controller: StreamController) => {
          this.#controller = controller;
        },
        pull: async (controller: StreamController) => {
          const chunk = await this.#ask('next', (value, payload) =>
            value === null ? undefined : runtime.payloadBytes(payload),
          );
          if (chunk !== undefined) {
            controller.enqueue(chunk);
            return;
          }
          this.#done();
          controller.close();
          controller.byobRequest?.respond(0);
        },
        cancel: () => {
          this.#done();
          closeRequest(this.#caller, this.#number);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** All of it at once. */
  async rest(): Promise<BodySource> {
    const source = await this.#ask('rest', (_value, payload) => sourceOf(payload));
    this.#done();
    return source;
  }

  async #ask<Result>(
    op: string,
    convert: (value: unknown, payload: GuestPayload) => Result,
  ): Promise<Result> {
    try {
      return await this.#caller(op, [this.#handle], undefined, convert);
    } catch (error) {
      this.#done();
      throw this.#signal?.aborted === true ? this.#signal.reason : error;
    }
  }

  #onAbort = (): void => {
    closeRequest(this.#caller, this.#number);
    this.#controller?.error(this.#signal?.reason);
  };

  #done(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
