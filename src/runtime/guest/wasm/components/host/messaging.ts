/** hairspring:function/messaging on messaging bindings. */
import type { Variant } from '../codec.ts';
import { failed, type HostState, type HostTable, ok } from './state.ts';

/** Under it the host serves calls of functions (hostservices/index.ts). */
const CALLS_LABEL = '$functions';

type Header = readonly [name: string, value: string];

function toPairs(headers: readonly Header[]): string {
  return headers.length === 0 ? '0' : JSON.stringify(headers.flat());
}

function toHeaders(pairs: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2)
    headers.push([pairs[at] as string, pairs[at + 1] as string]);
  return headers;
}

async function attempt({ wait }: HostState, work: () => Promise<unknown>): Promise<Variant> {
  try {
    return ok(await wait(work));
  } catch (error) {
    if (!(error instanceof runtime.HostError)) throw error;
    const { code, message, retryable } = error as Error & { code: string; retryable: boolean };
    return failed([code, message, retryable]);
  }
}

interface Option {
  readonly tag: number;
  readonly value: string | number | bigint;
}

/** An argument of the host's, which takes an empty text for one that is not given. */
function toArgument({ tag, value }: Option): string | number {
  if (tag === 0) return '';
  return typeof value === 'bigint' ? Number(value) : value;
}

function toReply(pairs: unknown, payload: GuestPayload): unknown {
  return [runtime.payloadBytes(payload), toHeaders(pairs as string[])];
}

interface Ack {
  readonly stream: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

type Sent = readonly [label: string, subject: string, headers: readonly Header[], data: Uint8Array];

export const MESSAGING: HostTable = {
  'hairspring:function/messaging#publish': (state, [label, subject, headers, data]: Sent) =>
    attempt(state, () =>
      runtime.callHost(label, 'publish', [subject, toPairs(headers)], data, () => undefined),
    ),
  'hairspring:function/messaging#publish-acked': (
    state,
    [label, subject, headers, data, options]: readonly [...Sent, readonly Option[]],
  ) => {
    const args = [subject, toPairs(headers), ...options.map(toArgument)];
    return attempt(state, () =>
      runtime.callHost(label, 'publishAcked', args, data, (ack) => {
        const { stream, sequence, duplicate } = ack as Ack;
        return [stream, BigInt(sequence), duplicate];
      }),
    );
  },
  'hairspring:function/messaging#request': (
    state,
    [label, subject, headers, data, timeoutMs]: readonly [...Sent, Option],
  ) => {
    const args = [subject, toPairs(headers), toArgument(timeoutMs)];
    return attempt(state, () => runtime.callHost(label, 'request', args, data, toReply));
  },
  'hairspring:function/messaging#call': (
    state,
    [name, subject, headers, data, timeoutMs]: readonly [
      string,
      Option,
      readonly Header[],
      Uint8Array,
      Option,
    ],
  ) => {
    const args = [name, toPairs(headers), toArgument(timeoutMs), toArgument(subject)];
    return attempt(state, () => runtime.callHost(CALLS_LABEL, 'call', args, data, toReply));
  },
};
