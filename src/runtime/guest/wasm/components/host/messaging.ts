/** hairspring:function/messaging on messaging bindings. */
import type { Variant } from '../codec.ts';
import { failed, type HostState, type HostTable, ok } from './state.ts';

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

async function attempt({ resumed }: HostState, work: () => Promise<unknown>): Promise<Variant> {
  try {
    return ok(await work());
  } catch (error) {
    if (!(error instanceof runtime.HostError)) throw error;
    const { code, message, retryable } = error as Error & { code: string; retryable: boolean };
    return failed([code, message, retryable]);
  } finally {
    resumed();
  }
}

export const MESSAGING: HostTable = {
  'hairspring:function/messaging#publish': (
    state,
    [label, subject, headers, data]: readonly [string, string, readonly Header[], Uint8Array],
  ) =>
    attempt(state, () =>
      runtime.callHost(label, 'publish', [subject, toPairs(headers)], data, () => undefined),
    ),
  'hairspring:function/messaging#request': (
    state,
    [label, subject, headers, data, timeoutMs]: readonly [
      string,
      string,
      readonly Header[],
      Uint8Array,
      { readonly tag: number; readonly value: number },
    ],
  ) => {
    const args = [subject, toPairs(headers), ...(timeoutMs.tag === 1 ? [timeoutMs.value] : [])];
    return attempt(state, () =>
      runtime.callHost(label, 'request', args, data, (pairs, payload) => [
        runtime.payloadBytes(payload),
        toHeaders(pairs as string[]),
      ]),
    );
  },
};
