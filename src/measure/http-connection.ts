import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /^content-length: *(\d+)\s*$/im;
/** Such replies end with their head, whatever their length says. */
const WITHOUT_BODY = [204, 304];

/** What goes over the wire, made once for all times that it is sent. */
export interface HttpRequest {
  readonly bytes: Buffer;
  readonly isHead: boolean;
}

export interface HttpRequestParts {
  readonly port: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  /** Status line and header fields. */
  readonly head: string;
  readonly body: Buffer;
}

export type OnReply = (error: Error | undefined, reply: HttpReply | undefined) => void;

/** A request to this machine. Names and values of headers are taken as they are. */
export function encodeRequest({ port, method, path, headers, body }: HttpRequestParts): HttpRequest {
  const isEmpty = body.length === 0 && (method === 'GET' || method === 'HEAD');
  const fields = [
    ['Host', `127.0.0.1:${port}`],
    ...headers,
    ...(isEmpty ? [] : [['Content-Length', String(body.length)]]),
  ];
  const head = `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]), isHead: method === 'HEAD' };
}

/** The value of a header field of a reply. `name` is of letters and hyphens. */
export function fieldOf({ head }: HttpReply, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im').exec(head)?.[1];
}

/**
 * A keep-alive connection to a server on this machine, one request at a time. It does as little as a client can, so
 * that a load generator made of it is not the bottleneck; a reply with a body must have a Content-Length.
 */
export class HttpConnection implements Disposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #onReply: OnReply | undefined;
  #isHead = false;

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

  /** Whether a request can be sent, as far as is known here. */
  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** The request before must have been answered. */
  exchange({ bytes, isHead }: HttpRequest, onReply: OnReply): void {
    if (this.#onReply !== undefined) {
      onReply(new Error('The connection waits for a reply'), undefined);
      return;
    }
    this.#onReply = onReply;
    this.#isHead = isHead;
    if (this.#socket.destroyed) this.#finish(new Error('The connection is closed'), undefined);
    else this.#socket.write(bytes);
  }

  /** The same for one that waits. @throws what went wrong, also when there is no reply in time; then it is closed */
  async ask(request: HttpRequest, timeoutMs: number): Promise<HttpReply> {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#socket.destroy(new Error(`No reply within ${timeoutMs} ms`));
      }, timeoutMs);
      this.exchange(request, (error, reply) => {
        clearTimeout(timer);
        if (reply === undefined) reject(error);
        else resolve(reply);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const status = Number(head.slice(9, 12));
    const length = this.#isHead || WITHOUT_BODY.includes(status) ? '0' : LENGTH.exec(head)?.[1];
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
    this.#finish(undefined, { status, head, body });
  }

  #finish(error: Error | undefined, reply: HttpReply | undefined): void {
    const onReply = this.#onReply;
    this.#onReply = undefined;
    onReply?.(error, reply);
  }
}
