import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HairspringError } from '../../core/index.ts';
import { problemBytes, toProblem } from './problem.ts';
import { invalid } from './request-target.ts';

/** Which responses each connection still waits for, so that bytes that are no request are answered without harm to them. */
export class OpenResponses {
  readonly #bySocket = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>();
  readonly #none: (() => void)[] = [];
  #count = 0;

  add(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    let own = this.#bySocket.get(socket);
    if (own === undefined) {
      own = new Map<ServerResponse, IncomingMessage>();
      this.#bySocket.set(socket, own);
    }
    own.set(response, request);
    this.#count += 1;
  }

  /** To be called once for each that was added, when it is closed. */
  closed({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#bySocket.get(socket)?.delete(response);
    this.#count -= 1;
    if (this.#count === 0) for (const resolve of this.#none.splice(0)) resolve();
  }

  /** Resolves when no response is waited for. */
  async none(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#none.push(resolve));
  }

  /** Answers what Node's parser or its clock refuses, and ends the connection: nobody knows where the next request begins. */
  refuse(socket: Socket, error: Error): void {
    const code = 'code' in error ? error.code : undefined;
    if (code === 'ECONNRESET' || !socket.writable || !this.#mayAnswer(socket)) {
      socket.destroy();
      return;
    }
    socket.end(problemBytes(toProblem(toError(code))), () => socket.destroy());
  }

  /** Nothing is waited for, or what is waited for is the very request that has gone wrong. */
  #mayAnswer(socket: Socket): boolean {
    const [first, ...others] = this.#bySocket.get(socket) ?? [];
    if (first === undefined) return true;
    const [response, request] = first;
    return others.length === 0 && !request.complete && !response.headersSent;
  }
}

function toError(code: unknown): HairspringError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HairspringError('HS_GATEWAY_HEADERS', 'Cannot take the request: its headers are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HairspringError('HS_GATEWAY_TIMEOUT', 'Cannot take the request: it did not arrive in time');
    default:
      return invalid('it is not well-formed HTTP/1.1');
  }
}
