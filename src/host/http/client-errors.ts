import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HairspringError } from '../../core/index.ts';
import { problemBytes, toProblem } from './problem.ts';
import { invalid } from './request-target.ts';

/** Which responses each connection still waits for, so that bytes that are no request are answered without harm to them. */
export class OpenResponses {
  readonly #bySocket = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>();

  add(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const own = this.#bySocket.get(socket) ?? new Map<ServerResponse, IncomingMessage>();
    this.#bySocket.set(socket, own.set(response, request));
    response.once('close', () => own.delete(response));
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
