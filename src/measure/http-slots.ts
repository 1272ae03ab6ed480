import { HttpConnection, type HttpReply, type HttpRequest } from './http-connection.ts';
import { FIRST_WRONG_CHARS, type OpenSlotsOf } from './open-slots.ts';

export interface HttpSlotsOptions {
  readonly port: number;
  readonly request: HttpRequest;
  readonly isExpected: (reply: HttpReply) => boolean;
}

/** Places with a connection of their own, all open before the first request. */
export function httpSlots({ port, request, isExpected }: HttpSlotsOptions): OpenSlotsOf {
  return async (count, onReply) => {
    const connections = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)));
    return {
      send(slot) {
        connections[slot]?.exchange(request, (error, reply) => {
          const isGood = reply !== undefined && isExpected(reply);
          const text = error?.message ?? `${reply?.status} ${reply?.body.toString()}`;
          onReply(slot, isGood ? undefined : text.slice(0, FIRST_WRONG_CHARS));
        });
      },
      async [Symbol.asyncDispose]() {
        for (const connection of connections) connection[Symbol.dispose]();
      },
    };
  };
}
