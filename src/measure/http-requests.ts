import { encodeRequest, fieldOf, HttpConnection, type HttpReply } from './http-connection.ts';
import { HttpLoop } from './http-loop.ts';
import { type HttpSlotsOptions, httpSlots } from './http-slots.ts';
import type { HttpTarget, LoadOptions } from './load-commands.ts';
import { type Requests, timed, WRONG_CHARS } from './requests.ts';

/** Requests over HTTP/1.1. Each loop has connections of its own; single requests share one for each port. */
export function openHttpRequests({
  errorHeaders,
  timeoutMs,
  payloadBase64,
}: Pick<LoadOptions, 'errorHeaders' | 'timeoutMs' | 'payloadBase64'>): Requests<HttpTarget> {
  const body = Buffer.from(payloadBase64, 'base64');
  const connections = new Map<number, HttpConnection>();

  async function connectionTo(port: number): Promise<HttpConnection> {
    const known = connections.get(port);
    if (known?.isOpen === true) return known;
    known?.[Symbol.dispose]();
    const connection = await HttpConnection.open(port);
    connections.set(port, connection);
    return connection;
  }

  /** The code of an error reply, the status of another one that was not expected; undefined for a good reply. */
  function errorCodeOf({ status }: HttpTarget, reply: HttpReply): string | undefined {
    // A good reply below 400 is known by its status alone: this is on the way of each request of a loop.
    if (reply.status === status && status < 400) return undefined;
    const code = errorHeaders
      .map((name) => fieldOf(reply, name))
      .find((value) => value !== undefined && value !== '');
    if (code !== undefined) return code;
    return reply.status === status ? undefined : `status ${reply.status}`;
  }

  function loopOf(target: HttpTarget, onWrong: (code: string) => void): HttpSlotsOptions {
    const isExpected = (reply: HttpReply): boolean => {
      const code = errorCodeOf(target, reply);
      if (code !== undefined) onWrong(code);
      return code === undefined;
    };
    return { port: target.port, request: encodeRequest({ ...target, body }), isExpected };
  }

  return {
    async startLoop(target, inFlight, onWrong) {
      return await HttpLoop.open({ ...loopOf(target, onWrong), inFlight });
    },
    slots: (target, onWrong) => httpSlots(loopOf(target, onWrong)),
    async timeOne(target) {
      const request = encodeRequest({ ...target, body });
      const connection = await connectionTo(target.port);
      return await timed(async () => {
        const reply = await connection.ask(request, timeoutMs);
        const code = errorCodeOf(target, reply);
        return code === undefined ? null : { code, text: reply.body.toString().slice(0, WRONG_CHARS) };
      });
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections.values()) connection[Symbol.dispose]();
      connections.clear();
    },
  };
}
