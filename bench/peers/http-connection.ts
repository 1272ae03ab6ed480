import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

export interface HttpReply {
  readonly status: number;
  readonly body: Buffer;
}

export type OnReply = (error: Error | undefined, reply: HttpReply | undefined) => void;

/** A POST request as it goes over the wire. */
export function encodePost(port: number, path: string, payload: Uint8Array): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: text/plain\r\nContent-Length: ${payload.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), payload]);
}

/**
 * A keep-alive connection to a server on this machine, one request at a time. It does as little as a client can, so
 * that a load generator made of it is not the bottleneck; a reply must have a Content-Length.
 */
export class HttpConnection implements Disposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #onReply: OnReply | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error) => this.#finish(error, undefined));
    socket.on('close', () => this.#finish(new Error('The server closed the connection'), undefined));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new HttpConnection(socket);
  }

  /** Sends a request of `encodePost`; the one before must have been answered. */
  exchange(request: Buffer, onReply: OnReply): void {
    if (this.#onReply !== undefined) throw new Error('The connection waits for a reply');
    this.#onReply = onReply;
    if (this.#socket.destroyed) this.#finish(new Error('The connection is closed'), undefined);
    else this.#socket.write(request);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = /^content-length: *(\d+)\s*$/im.exec(head)?.[1];
    if (length === undefined) {
      this.#socket.destroy();
      this.#finish(new Error(`A reply without Content-Length: ${head.slice(0, 300)}`), undefined);
      return;
    }
    const bodyAt = headEnd + HEAD_END.length;
    const bodyEnd = bodyAt + Number(length);
    if (this.#received.length < bodyEnd) return;
    const body = this.#received.subarray(bodyAt, bodyEnd);
    this.#received = this.#received.subarray(bodyEnd);
    this.#finish(undefined, { status: Number(head.slice(9, 12)), body });
  }

  #finish(error: Error | undefined, reply: HttpReply | undefined): void {
    const onReply = this.#onReply;
    this.#onReply = undefined;
    onReply?.(error, reply);
  }
}
