import { connect, type Socket } from 'node:net';
import type { Clock } from '../../core/index.ts';

/** How long a dead cell's socket is read for at the most. */
const DRAIN_MS = 500;
/** What is read from a dead cell's socket at the most. */
const MAX_DRAIN_BYTES = 64 * 1024 ** 2;

/** Connects without reading a byte: the first one belongs to the cell. */
export async function dialPaused(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.pause();
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/**
 * Ends the subscriptions of a dead cell on its own connection and reads all that NATS had sent it and
 * it had not read. The server answers PING after everything before it, so its PONG marks the end.
 */
export async function drainSocket(
  socket: Socket,
  sids: readonly number[],
  clock: Clock,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve) => {
    const cancel = clock.after(DRAIN_MS, resolve);
    const done = (): void => {
      cancel();
      resolve();
    };
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      const tail = Buffer.concat(chunks.slice(-2));
      if (tail.subarray(-6).toString('latin1') === 'PONG\r\n' || bytes > MAX_DRAIN_BYTES) done();
    });
    socket.once('close', done);
    socket.once('end', done);
    socket.write(`${sids.map((sid) => `UNSUB ${sid}\r\n`).join('')}PING\r\n`, (error) => {
      if (error) done();
    });
    socket.resume();
  });
  socket.destroy();
  return Buffer.concat(chunks);
}
