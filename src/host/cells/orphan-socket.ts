import type { Socket } from 'node:net';
import type { Clock } from '../../core/index.ts';

/** How long the server may take to answer the last PING. */
const FINISH_MS = 500;
/** What is kept of a dead cell's socket at the most; what comes after it is not read. */
const MAX_BYTES = 64 * 1024 ** 2;
const PONG = 'PONG\r\n';
/** Silence after a PONG that tells it from a payload that ends like one. */
const QUIET_MS = 10;

/** The socket of a dead cell, read on by the host in its place. */
export class OrphanSocket {
  readonly #socket: Socket;
  readonly #clock: Clock;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #onChunk: () => void = () => undefined;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes > MAX_BYTES) socket.pause();
      this.#onChunk();
    });
    socket.resume();
  }

  /** All that NATS had sent and the cell had not read, so far. */
  read(): Uint8Array {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? new Uint8Array(0);
  }

  /** Ends the dead cell's subscriptions and reads to the end. */
  async finish(sids: readonly number[]): Promise<Uint8Array> {
    await this.unsubscribe(sids);
    this.#socket.destroy();
    return this.read();
  }

  /**
   * Ends some of the dead cell's subscriptions and reads what came on them. The server answers a PING after
   * everything before it, so its PONG marks the end.
   */
  async unsubscribe(sids: readonly number[]): Promise<void> {
    const socket = this.#socket;
    if (!socket.destroyed && this.#bytes <= MAX_BYTES) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(FINISH_MS, resolve);
        const done = (): void => {
          cancel();
          resolve();
        };
        let cancelQuiet = (): void => undefined;
        this.#onChunk = () => {
          cancelQuiet();
          if (this.#bytes > MAX_BYTES) done();
          else if (this.#endsWithPong()) cancelQuiet = this.#clock.after(QUIET_MS, done);
        };
        socket.once('close', done);
        socket.once('end', done);
        socket.write(`${sids.map((sid) => `UNSUB ${sid}\r\n`).join('')}PING\r\n`, (error) => {
          if (error) done();
        });
      });
    }
  }

  #endsWithPong(): boolean {
    const tail = Buffer.concat(this.#chunks.slice(-PONG.length));
    return tail.subarray(-PONG.length).toString('latin1') === PONG;
  }
}
