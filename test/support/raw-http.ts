/** HTTP as bytes, for requests that no client would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** Of the first response; 0 when the connection was closed without one. */
  readonly status: number;
  /** Of all responses on the connection. */
  readonly statuses: readonly number[];
  readonly head: string;
  readonly text: string;
}

/** Sends `bytes` and reads until the other end closes the connection, which the last request is to ask for. */
export async function sendRaw(origin: string, bytes: string | Uint8Array): Promise<RawAnswer> {
  const socket = await openRaw(origin);
  socket.write(bytes);
  return readRaw(socket);
}

export async function openRaw(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** What comes until the connection is closed. */
export async function readRaw(socket: Socket): Promise<RawAnswer> {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  // A connection that is reset ends as well.
  socket.on('error', () => undefined);
  if (!socket.closed) await once(socket, 'close');
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return { status: statuses[0] ?? 0, statuses, head: text.split('\r\n\r\n', 1)[0] ?? '', text };
}

/** A request with `Host` as it should be, which ends the connection. */
export function rawRequest(origin: string, line: string, fields: readonly string[] = [], body = ''): string {
  const own = [`Host: ${new URL(origin).host}`, ...fields, 'Connection: close'];
  return `${line} HTTP/1.1\r\n${own.join('\r\n')}\r\n\r\n${body}`;
}
