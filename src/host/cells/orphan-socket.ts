import type { Socket } from 'node:net';
import type { Clock } from '../../core/index.ts';
import type { Recovery } from './recovery.ts';

/** How long the server may take to answer the last PING. */
const FINISH_MS = 500;
/** What is read of a dead cell's socket at the most. */
const MAX_BYTES = 64 * 1024 ** 2;
/** The cell may have said PING as well: so long after a PONG none of those is on its way any more. */
const LAST_PONG_MS = 10;

/** What is told of what comes in. */
type Reader = Pick<Recovery, 'add' | 'isReading' | 'pongs'>;

/** The socket of a dead cell, read on by the host in its place. */
export class OrphanSocket {
  readonly #socket: Socket;
  readonly #reader: Reader;
  readonly #clock: Clock;
  #bytes = 0;
  #onChunk: () => void = () => undefined;

  constructor(socket: Socket, reader: Reader, clock: Clock) {
    this.#socket = socket;
    this.#reader = reader;
    this.#clock = clock;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#bytes > MAX_BYTES) socket.pause();
      reader.add(chunk);
      this.#onChunk();
    });
    socket.resume();
  }

  /** Ends the dead cell's subscriptions and reads to the end. */
  async finish(sids: readonly number[]): Promise<void> {
    await this.unsubscribe(sids);
    this.#socket.destroy();
  }

  /**
   * Ends some of the dead cell's subscriptions and reads what came on them. The server answers a PING after
   * everything before it, so its PONG marks the end; messages of others may go on behind it. Where nothing can be
   * read, nothing that comes matters.
   */
  async unsubscribe(sids: readonly number[]): Promise<void> {
    const socket = this.#socket;
    const reader = this.#reader;
    if (socket.destroyed || this.#bytes > MAX_BYTES) return;
    const ended = Promise.withResolvers<void>();
    const done = (): void => ended.resolve();
    let cancelLast = (): void => undefined;
    let pongs = reader.pongs;
    this.#onChunk = () => {
      if (this.#bytes > MAX_BYTES || !reader.isReading) done();
      else if (reader.pongs > pongs) {
        pongs = reader.pongs;
        cancelLast();
        cancelLast = this.#clock.after(LAST_PONG_MS, done);
      }
    };
    const cancel = this.#clock.after(FINISH_MS, done);
    socket.once('close', done);
    socket.once('end', done);
    socket.write(`${sids.map((sid) => `UNSUB ${sid}\r\n`).join('')}PING\r\n`, (error) => {
      if (error || !reader.isReading) done();
    });
    await ended.promise;
    cancel();
    cancelLast();
    socket.off('close', done);
    socket.off('end', done);
  }
}
