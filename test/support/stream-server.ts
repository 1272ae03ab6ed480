/** A server whose bodies are large, slow, cut or without end, and bindings that reach it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type HostCallResult, type PreparedBinding, systemClock } from '../../src/core/index.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import {
  httpBinding,
  type LocalServer,
  type OpenAnswer,
  openHttp,
  PATIENT,
  resolverOf,
  startLocalServer,
} from './http.ts';

const MIB = 1024 ** 2;
export const LARGE = randomBytes(3 * MIB);
const PACKED = gzipSync(LARGE);
/** More than sockets on the way may hold. */
export const FLOOD_BYTES = 256 * MIB;

export function call(
  binding: PreparedBinding,
  op: string,
  args: (string | number | null)[],
  payload?: string | Uint8Array,
  callerId = 1,
): Promise<HostCallResult> {
  return binding.call({ op, args, payload }, { ...PATIENT, id: callerId });
}

export class StreamServer implements AsyncDisposable {
  /** Method and path of each request. */
  readonly requests: string[] = [];
  /** Of the last flood, in bytes. */
  sent = 0;
  /** Responses whose connection was closed before their end. */
  closed = 0;
  /** The last request of which nothing is read. */
  unread: IncomingMessage | undefined;
  #server: LocalServer | undefined;

  static async start(): Promise<StreamServer> {
    const own = new StreamServer();
    own.#server = await startLocalServer((request, response) => {
      own.requests.push(`${request.method} ${request.url}`);
      response.once('close', () => {
        if (!response.writableFinished) own.closed += 1;
      });
      void own.#answer(request, response);
    });
    return own;
  }

  get origin(): string {
    return this.#server?.origin ?? '';
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#server?.connections() ?? 0;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    switch (pathname) {
      case '/flood':
        this.#flood(response, Buffer.alloc(64 * 1024));
        return;
      case '/packed-flood':
        response.setHeader('content-encoding', 'gzip');
        this.#flood(response, gzipSync(randomBytes(64 * 1024), { level: 0 }));
        return;
      case '/packed':
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(PACKED.length) });
        response.end(PACKED);
        return;
      case '/cut':
        response
          .writeHead(200, { 'content-length': String(2 * LARGE.length) })
          .write(LARGE, () => response.destroy());
        return;
      case '/stall':
        response.writeHead(200, { 'content-length': String(LARGE.length) }).write('begun');
        return;
      case '/much-for-little':
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(Buffer.alloc(9 * MIB, gzipSync('')));
        return;
      case '/early':
        response.writeHead(413).end('too much');
        return;
      case '/unread':
        this.unread = request;
        return;
      case '/redirect':
        response.writeHead(Number(searchParams.get('status')), { location: '/echo' }).end();
        return;
      case '/echo': {
        const { method, headers } = request;
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const body = Buffer.concat(chunks);
        response.setHeader(
          'x-seen',
          `${method} ${headers['transfer-encoding'] ?? headers['content-length'] ?? '-'}`,
        );
        response.end(body);
        return;
      }
      default:
        response.end(pathname === '/large' ? LARGE : 'small');
    }
  }

  /** Sends for as long as somebody reads. */
  #flood(response: ServerResponse, piece: Buffer): void {
    this.sent = 0;
    const more = (): void => {
      while (this.sent < FLOOD_BYTES && response.writable) {
        this.sent += piece.length;
        if (!response.write(piece)) return;
      }
      response.end();
    };
    response.on('drain', more);
    more();
  }

  /** Resolves when the server has not got rid of anything for a while. */
  async floodHasStalled(): Promise<void> {
    for (let last = -1; last !== this.sent; ) {
      last = this.sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  open(): PreparedBinding {
    return openHttp(httpBinding([`${this.origin}/*`], { private: true })).prepared;
  }

  /** A binding whose time passes only when it is told so. */
  openWithClock(): { binding: PreparedBinding; pass: (ms: number) => void } {
    let nowMs = 0;
    let timers: { readonly atMs: number; readonly action: () => void }[] = [];
    const clock = {
      ...systemClock,
      monotonicMs: () => nowMs,
      after(delayMs: number, action: () => void) {
        const timer = { atMs: nowMs + delayMs, action };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    };
    const service = createHttpService({ clock, resolve: resolverOf({}) });
    return {
      binding: service.prepare('WEB', httpBinding([`${this.origin}/*`], { private: true })),
      pass(ms) {
        nowMs += ms;
        const due = timers.filter(({ atMs }) => atMs <= nowMs);
        timers = timers.filter(({ atMs }) => atMs > nowMs);
        for (const { action } of due) action();
      },
    };
  }

  /** @returns the handle of the body */
  async get(binding: PreparedBinding, path: string, number = 1, callerId = 1): Promise<number> {
    const args = [number, 'GET', `${this.origin}${path}`, '[]', 'follow', 0];
    const [, , , , , handle] = (await call(binding, 'open', args, undefined, callerId)).value as OpenAnswer;
    assert.equal(typeof handle, 'number');
    return handle ?? 0;
  }

  /** Begins a request whose body comes in pieces. */
  post(
    binding: PreparedBinding,
    path: string,
    number = 1,
    method = 'POST',
  ): Promise<{ status: number; headers: string[]; text: string }> {
    const args = [number, method, `${this.origin}${path}`, '[]', 'follow', 1];
    const answered = call(binding, 'open', args).then(async ({ value, data }) => {
      const [status, , , , headers, handle] = value as OpenAnswer;
      const rest = handle === 0 || handle === null ? data : (await call(binding, 'rest', [handle])).data;
      return { status, headers, text: Buffer.from(rest ?? '').toString() };
    });
    answered.catch(() => undefined);
    return answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}
