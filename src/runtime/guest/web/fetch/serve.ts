/** HTTP requests that a function answers: what its handler is given, and what becomes of its response. */
import { unsendable } from '../shared/unsendable.ts';
import { BodyState } from './body-state.ts';
import type { AbortSignalLike } from './features.ts';
import { createHeaders, headerFields } from './headers.ts';
import { sourceOf } from './host-body.ts';
import { createRequest, type Request } from './request.ts';
import { DEFAULT_WORDS } from './request-init.ts';
import { responseState } from './response.ts';

/** The host takes no more fields in a reply, with that of the status. */
const MAX_FIELDS = 255;

/** @param line method and absolute URL with a space between them */
export function receive(
  line: string,
  fields: readonly string[],
  payload: GuestPayload,
  signal: () => AbortSignalLike,
): Request {
  const space = line.indexOf(' ');
  return createRequest({
    method: line.slice(0, space),
    url: line.slice(space + 1),
    words: DEFAULT_WORDS,
    headers: createHeaders(fields, 'immutable'),
    body: payload.kind === 0 ? null : new BodyState(sourceOf(payload)),
    get source() {
      return signal();
    },
  });
}

/** The reply that stands for what a handler returned. */
export async function answer(returned: unknown): Promise<object> {
  const state = responseState(await returned);
  if (state === undefined)
    return unsendable('A fetch handler returns a Response, and this one has returned none');
  const { status, body } = state;
  if (status < 200) return unsendable('Response.error() is nothing that can be sent');
  if (body?.unusable === true) return unsendable('The body of the response was read already');
  const fields = headerFields(state.headers);
  if (fields.length > MAX_FIELDS) return unsendable(`A response has at most ${MAX_FIELDS} header fields`);
  const headers: Record<string, string[]> = Object.create(null);
  headers[':status'] = [`${status}`];
  for (const [name, value] of fields) {
    const earlier = headers[name];
    if (earlier === undefined) headers[name] = [value];
    else earlier.push(value);
  }
  const source = await body?.consume();
  const sent = source?.kind === 'text' ? source.text : source?.bytes;
  return new runtime.Reply(sent, { headers });
}
