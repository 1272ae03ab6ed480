import type { StreamReader } from '../shared/stream-types.ts';
import { closeRequest, type HttpCaller } from './host-body.ts';

/** How much of a chunk goes to the host at once. */
const PIECE_BYTES = 256 * 1024;

const isWanted = (value: unknown): boolean => value === 1;

/**
 * Sends a stream as the body of a request that is being opened, each piece when the one before it has gone out. What
 * the host says against that it says of the request, too; nothing is read when it does not know the request.
 * @returns rejects with what the stream fails with, and never resolves
 */
export function upload(caller: HttpCaller, number: number, reader: StreamReader): Promise<never> {
  return new Promise((_resolve, reject) => {
    const send = (piece?: Uint8Array): Promise<boolean> => caller('write', [number], piece, isWanted);
    const next = async (): Promise<Uint8Array | undefined> => {
      try {
        const { value, done } = await reader.read();
        if (done) return undefined;
        if (value instanceof Uint8Array) return value;
        throw new TypeError('A chunk of the body is not a Uint8Array');
      } catch (error) {
        reject(error);
        closeRequest(caller, number);
        throw error;
      }
    };
    const sendAll = async (isMore: boolean): Promise<void> => {
      while (isMore) {
        const chunk = await next();
        if (chunk === undefined) return caller('finish', [number], undefined, () => undefined);
        for (let at = 0; isMore && at < chunk.length; at += PIECE_BYTES)
          isMore = await send(chunk.subarray(at, at + PIECE_BYTES));
      }
      throw new TypeError('The server takes no more of the body');
    };
    send().then(
      (isMore) => sendAll(isMore).catch((error: unknown) => reader.cancel(error).catch(() => undefined)),
      () => undefined,
    );
  });
}
